#include "orchestrator/state/requirements.hpp"

#include "core/store/counters.hpp"
#include "orchestrator/commands/describe.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

// What others require, and what becomes of it.
class RequirementsTest : public test::StateTest {
  protected:
    static wire::Ref file(const std::string& id) { return {"files", id}; }
    // The error's words, or "".
    std::string words_of(const state::State::Work& work) {
        const auto done = try_change(work);
        EXPECT_TRUE(done || done.error().code == Errc::conflict);
        return done ? "" : done.error().what;
    }
    std::string put(const std::string& id, const std::vector<std::string>& required = {}) {
        return put(std::vector{id}, required);
    }
    // All of them in one transaction.
    std::string put(const std::vector<std::string>& ids, const std::vector<std::string>& required) {
        std::vector<DescriptionRequest> requests;
        for (const std::string& id : ids) {
            DescriptionRequest request;
            request.ref = file(id);
            request.description = json::Object{{"content", ++count_}};
            for (const std::string& one : required) request.relations.required.push_back(file(one));
            requests.push_back(std::move(request));
        }
        return words_of([&](state::Edit& edit) -> Result<void> {
            EK_TRY(describe(edit, protector_, requester_, requests));
            return {};
        });
    }
    static std::vector<std::string> many(int count) {
        std::vector<std::string> ids;
        for (int i = 0; i < count; ++i) ids.push_back("/x" + std::to_string(i));
        return ids;
    }
    std::string remove(const std::string& id) {
        return words_of([&](state::Edit& edit) -> Result<void> {
            EK_TRY(commands::remove(edit, protector_, requester_, file(id)));
            return {};
        });
    }
    std::string forget(const std::string& id) {
        return words_of([&](state::Edit& edit) -> Result<void> {
            EK_TRY(commands::forget(edit, requester_, file(id)));
            return {};
        });
    }
    // As a program from before the rows, or a restore of its store, leaves it behind.
    void lose_row(const std::string& from, const std::string& required) {
        change([&](state::Edit& edit) {
            return edit.requirements().put(host_, file(from), {file(required)}, {});
        });
    }

    Requester requester_{.host = host_, .request_id = "r"};
    std::int64_t count_ = 0;
};

constexpr const char* kByOne =
    "files /a is required by 1 resource of this host: files /b; delete or forget these first, or "
    "describe them without it";

TEST_F(RequirementsTest, WhatOthersRequireIsNeitherForgottenNorRemoved) {
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/b", {"/a"}), "");
    EXPECT_EQ(forget("/a"), kByOne);
    EXPECT_EQ(remove("/a"), kByOne);
    ASSERT_TRUE(resource("/a"));
    EXPECT_FALSE(resource("/a")->removing);
    EXPECT_EQ(forget("/b"), "");
    EXPECT_EQ(forget("/a"), "");
}

TEST_F(RequirementsTest, WhatIsBeingRemovedRequiresNothingAnyMore) {
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/b", {"/a"}), "");
    EXPECT_EQ(remove("/b"), "");
    EXPECT_EQ(remove("/a"), "");
}

TEST_F(RequirementsTest, WhatIsDescribedWithoutItRequiresItNoMore) {
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/c"), "");
    ASSERT_EQ(put("/b", {"/a", "/c"}), "");
    ASSERT_EQ(put("/b", {"/c"}), "");
    EXPECT_EQ(forget("/a"), "");
    EXPECT_NE(forget("/c"), "");
}

TEST_F(RequirementsTest, FiveAreNamedAndTheOthersCounted) {
    ASSERT_EQ(put("/a"), "");
    for (const char* id : {"/1", "/2", "/3", "/4", "/5", "/6", "/7"})
        ASSERT_EQ(put(id, {"/a"}), "");
    const std::string words = forget("/a");
    EXPECT_TRUE(words.starts_with("files /a is required by 7 resources of this host: ")) << words;
    EXPECT_NE(words.find(" and 2 more; "), words.npos) << words;
}

TEST_F(RequirementsTest, OnlyTheDependentsAreReadHoweverMuchTheHostDescribes) {
    const auto reads = [&](const std::string& id) {
        const std::uint64_t before = store::counters().reads;
        EXPECT_NE(forget(id), "");
        return store::counters().reads - before;
    };
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/b", {"/a"}), "");
    const std::uint64_t few = reads("/a");
    ASSERT_EQ(put("/other"), "");
    ASSERT_EQ(put(many(300), {"/other"}), "");
    EXPECT_EQ(reads("/a"), few);
    EXPECT_LT(few, 20U);
}

TEST_F(RequirementsTest, WhatAnOlderProgramDescribedIsKnownAfterAStart) {
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/b", {"/a"}), "");
    lose_row("/b", "/a");
    ASSERT_TRUE(state::complete_requirements(*state_));
    EXPECT_EQ(forget("/a"), kByOne);
    ASSERT_EQ(put(many(100), {"/a"}), "");
    const std::uint64_t before = store::counters().reads;
    ASSERT_TRUE(state::complete_requirements(*state_));
    EXPECT_LT(store::counters().reads - before, 10U) << "it is done once";
}

TEST_F(RequirementsTest, WhatIsForgottenWhileItIsAskedForIsRefused) {
    EXPECT_NE(put("/b", {"/a"}), "");
    EXPECT_FALSE(resource("/b"));
}

TEST_F(RequirementsTest, WhatIsMissingAlreadyMayStayOrGoButNotCome) {
    ASSERT_EQ(put("/a"), "");
    ASSERT_EQ(put("/b", {"/a"}), "");
    lose_row("/b", "/a");
    ASSERT_EQ(forget("/a"), "");
    EXPECT_EQ(put("/b", {"/a"}), "") << "kept";
    EXPECT_EQ(put("/c", {"/a"}),
              "files /a is neither given here nor described on the host: describe it, or leave it "
              "out of requires");
    EXPECT_EQ(put("/b"), "");
    EXPECT_NE(put("/b", {"/a"}), "") << "it had gone";
}

}  // namespace
}  // namespace evenkeel::commands
