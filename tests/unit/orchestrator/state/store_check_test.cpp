#include "orchestrator/state/store_check.hpp"

#include "core/store/env.hpp"
#include "orchestrator/commands/describe.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class StoreCheckTest : public test::StateTest {};

TEST_F(StoreCheckTest, FindsADigestThatIsNotThatOfTheDescriptions) {
    change([&](Edit& edit) -> Result<void> {
        commands::DescriptionRequest request;
        request.ref = {"files", "/a"};
        request.description = json::Object{{"mode", "0644"}};
        EK_CHECK(commands::describe(edit, protector_, {.host = host_, .request_id = ""},
                                    {std::move(request)}));
        return {};
    });
    state_.reset();
    const auto right = check_store(folder_.path());
    ASSERT_TRUE(right) << right.error().what;
    {
        auto env = *store::Env::open(folder_ / "store", store_options());
        auto txn = *env.write();
        ASSERT_TRUE(txn.put(env.table("digests"), host_, wire::InventoryDigest().bytes()));
        ASSERT_TRUE(txn.commit());
    }
    const auto wrong = check_store(folder_.path());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::corrupt);
    EXPECT_NE(wrong.error().what.find(host_), std::string::npos) << wrong.error().what;
}

TEST_F(StoreCheckTest, FindsAnIndexOfEnvironmentsThatIsNotThatOfTheHosts) {
    state_.reset();
    ASSERT_TRUE(check_store(folder_.path()));
    {
        auto env = *store::Env::open(folder_ / "store", store_options());
        auto txn = *env.write();
        ASSERT_TRUE(
            txn.erase(env.table("environment_hosts"), std::string("default") + '\0' + host_));
        ASSERT_TRUE(txn.commit());
    }
    const auto wrong = check_store(folder_.path());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::state
