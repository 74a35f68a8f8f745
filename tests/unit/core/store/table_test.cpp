#include <filesystem>

#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

using namespace std::string_literals;
using Keys = std::vector<std::string>;

class Tables : public StoreTest {};

TEST_F(Tables, KeysAndValuesAreAnyBytes) {
    const std::string key = "a\0\xff\n"s;
    put(key, "v\0\xff"s);
    put("empty", "");
    EXPECT_EQ(get(key), "v\0\xff"s);
    EXPECT_EQ(get("empty"), "");
    EXPECT_EQ(get("a"), "(none)");
}

TEST_F(Tables, PutReplacesAndInsertDoesNot) {
    put("a", "1");
    put("a", "2");
    auto txn = env_->write();
    EXPECT_EQ(txn->insert(things(), "a", "3").error().code, Errc::conflict);
    EXPECT_TRUE(txn->insert(things(), "b", "4"));
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(get("b"), "4");
}

TEST_F(Tables, AppendInsertsWhereverTheKeyBelongs) {
    auto txn = env_->write();
    for (const char* key : {"b", "d", "c", "a", "e"})
        ASSERT_TRUE(txn->append(things(), key, key)) << key;
    EXPECT_EQ(txn->append(things(), "e", "2").error().code, Errc::conflict);
    EXPECT_EQ(txn->append(things(), "c", "2").error().code, Errc::conflict);
    EXPECT_EQ(txn->append(things(), "", "2").error().code, Errc::invalid);
    ASSERT_TRUE(txn->append(things(), "f", "f"));
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(keys(Range::all()), (Keys{"a", "b", "c", "d", "e", "f"}));
    EXPECT_EQ(get("c"), "c");
    EXPECT_EQ(get("e"), "e");
}

// Counted in what the store uses: the pages of records that are appended one after the other are
// full, those of inserted ones are half empty.
TEST_F(Tables, AppendFillsPages) {
    const auto used_by = [this](auto write) {
        const std::uint64_t before = env_->usage()->used_bytes;
        auto txn = env_->write();
        for (std::uint64_t number = 1; number <= 2'000; ++number)
            EXPECT_TRUE(write(*txn, number_key(number)));
        EXPECT_TRUE(txn->commit());
        const std::uint64_t used = env_->usage()->used_bytes - before;
        close();
        std::filesystem::remove_all(path());
        open();
        return used;
    };
    const std::string record(900, 'x');
    const auto inserted = used_by(
        [&](WriteTxn& txn, const std::string& key) { return txn.insert(things(), key, record); });
    const auto appended = used_by(
        [&](WriteTxn& txn, const std::string& key) { return txn.append(things(), key, record); });
    EXPECT_LT(appended, 2'000U * 1'100);
    EXPECT_GT(inserted, appended * 5 / 4);
}

TEST_F(Tables, EraseSaysWhetherItWasThere) {
    put("a", "1");
    auto txn = env_->write();
    EXPECT_TRUE(txn->erase(things(), "a").value());
    EXPECT_FALSE(txn->erase(things(), "a").value());
    EXPECT_FALSE(txn->erase(things(), "").value());
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(get("a"), "(none)");
}

TEST_F(Tables, KeysThatLmdbCannotHoldAreRefusedAndNeverThere) {
    auto txn = env_->write();
    EXPECT_EQ(txn->put(things(), "", "v").error().code, Errc::invalid);
    EXPECT_EQ(txn->put(things(), std::string(512, 'k'), "v").error().code, Errc::invalid);
    EXPECT_TRUE(txn->put(things(), std::string(511, 'k'), "v"));
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(get(std::string(512, 'k')), "(none)");
    EXPECT_EQ(get(""), "(none)");
}

TEST_F(Tables, WithoutCommitNothingHappens) {
    {
        auto txn = env_->write();
        ASSERT_TRUE(txn->put(things(), "a", "1"));
        EXPECT_EQ(txn->get(things(), "a").value(), "1");
    }
    EXPECT_EQ(get("a"), "(none)");
}

TEST_F(Tables, AReaderSeesOneMoment) {
    put("a", "1");
    const auto before = env_->read();
    put("a", "2");
    EXPECT_EQ(before->get(things(), "a").value(), "1");
    EXPECT_EQ(get("a"), "2");
}

TEST_F(Tables, ANestedPartIsGivenUpAlone) {
    auto txn = env_->write();
    ASSERT_TRUE(txn->put(things(), "a", "1"));
    {
        auto part = txn->nested();
        ASSERT_TRUE(part->put(things(), "b", "2"));
    }
    EXPECT_EQ(txn->changes(), 1U);
    {
        auto part = txn->nested();
        ASSERT_TRUE(part->put(things(), "c", "3"));
        ASSERT_TRUE(part->commit());
    }
    EXPECT_EQ(txn->changes(), 2U);
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(keys(Range::all()), (Keys{"a", "c"}));
}

TEST_F(Tables, ScansGoOverExactlyTheirRange) {
    for (const char* key : {"a", "b", "ba", "bb", "c"}) put(key, "");
    EXPECT_EQ(keys(Range::all()), (Keys{"a", "b", "ba", "bb", "c"}));
    EXPECT_EQ(keys(Range::prefix("b")), (Keys{"b", "ba", "bb"}));
    EXPECT_EQ(keys(Range::prefix("b").after("b")), (Keys{"ba", "bb"}));
    EXPECT_EQ(keys(Range::prefix("b").after("bb")), Keys{});
    EXPECT_EQ(keys(Range::prefix("x")), Keys{});
    EXPECT_EQ(keys({"ba", "", false}), (Keys{"ba", "bb", "c"}));
}

TEST_F(Tables, ScansGoBackwardsToo) {
    for (const char* key : {"a", "b", "ba", "bb", "c"}) put(key, "");
    EXPECT_EQ(keys(Range::all().reversed()), (Keys{"c", "bb", "ba", "b", "a"}));
    EXPECT_EQ(keys(Range::prefix("b").reversed()), (Keys{"bb", "ba", "b"}));
    EXPECT_EQ(keys(Range::prefix("b").reversed().after("ba")), (Keys{"b"}));
    EXPECT_EQ(keys(Range::prefix("c").reversed()), (Keys{"c"}));
    EXPECT_EQ(keys(Range::prefix("A").reversed()), Keys{});
}

TEST_F(Tables, AScanOfAnEmptyTableFindsNothing) {
    EXPECT_EQ(keys(Range::all()), Keys{});
    EXPECT_EQ(keys(Range::prefix("b").reversed()), Keys{});
    EXPECT_FALSE(env_->read()->first(things(), Range::all()).value());
}

TEST_F(Tables, FirstAndLastOfARange) {
    auto writing = env_->write();
    for (std::uint64_t seq = 1; seq <= 300; ++seq) {
        ASSERT_TRUE(writing->put(things(), "s" + number_key(seq), ""));
    }
    ASSERT_TRUE(writing->commit());
    const auto txn = env_->read();
    const auto first = txn->first(things(), Range::prefix("s")).value();
    const auto last = txn->first(things(), Range::prefix("s").reversed()).value();
    EXPECT_EQ(number_of(first->first).value(), 1U);
    EXPECT_EQ(number_of(last->first).value(), 300U);
    EXPECT_EQ(txn->count(things()).value(), 300U);
}

TEST_F(Tables, ACollectionHasItsShortAndLongIdsAndNoOthers) {
    const std::string longest = resource_key("files", std::string(1000, 'x'));
    put(resource_key("file", "a"), "");
    put(resource_key("files", "a"), "");
    put(longest, "");
    put(resource_key("files2", "a"), "");
    EXPECT_EQ(keys(Range::collection("files")), (Keys{resource_key("files", "a"), longest}));
    put("h\0"s + resource_key("files", "b"), "");
    EXPECT_EQ(keys(Range::collection("files", "h\0"s)),
              (Keys{"h\0"s + resource_key("files", "b")}));
}

TEST_F(Tables, ErasesARangeInBoundedSteps) {
    for (int i = 0; i < 10; ++i) put("s" + std::to_string(i), "");
    put("t", "");
    auto txn = env_->write();
    EXPECT_EQ(txn->erase(things(), Range::prefix("s"), 4).value(), 4U);
    EXPECT_EQ(txn->erase(things(), Range::prefix("s"), 100).value(), 6U);
    EXPECT_EQ(txn->erase(things(), Range::prefix("s"), 0).value(), 0U);
    ASSERT_TRUE(txn->commit());
    EXPECT_EQ(keys(Range::all()), Keys{"t"});
}

}  // namespace
}  // namespace evenkeel::store
