#include "core/store/write_set.hpp"

#include <future>

#include "core/run/loop.hpp"
#include "core/store/writer.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

class WriteSetTest : public StoreTest {
  protected:
    static std::vector<std::string> touched_keys(const WriteSet& touched) {
        std::vector<std::string> found;
        for (const WriteSet::Touch& touch : touched.touches()) found.push_back(touch.key);
        return found;
    }
    using Keys = std::vector<std::string>;
};

TEST_F(WriteSetTest, NamesEachTouchedKeyOnceInTheOrderOfTheFirstTouch) {
    WriteTxn txn = *env_->write();
    txn.track();
    ASSERT_TRUE(txn.put(things(), "b", "1"));
    ASSERT_TRUE(txn.insert(things(), "a", "1"));
    ASSERT_TRUE(txn.put(things(), "b", "2"));
    ASSERT_TRUE(*txn.erase(things(), "a"));
    EXPECT_EQ(touched_keys(txn.take_write_set()), (Keys{"b", "a"}));
    ASSERT_TRUE(txn.put(things(), "c", "1"));
    EXPECT_EQ(touched_keys(txn.take_write_set()), (Keys{"c"}));
}

TEST_F(WriteSetTest, WhatChangesNothingIsNotInIt) {
    WriteTxn txn = *env_->write();
    txn.track();
    EXPECT_FALSE(*txn.erase(things(), "none"));
    ASSERT_TRUE(txn.put(things(), "a", "1"));
    EXPECT_FALSE(txn.insert(things(), "a", "2"));
    EXPECT_FALSE(txn.put(things(), "", "empty"));
    EXPECT_EQ(touched_keys(txn.take_write_set()), (Keys{"a"}));
}

TEST_F(WriteSetTest, AnErasedRangeNamesWhatWasInIt) {
    WriteTxn txn = *env_->write();
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(txn.put(things(), key, "1"));
    txn.track();
    ASSERT_EQ(*txn.erase(things(), Range::all(), 2), 2U);
    EXPECT_EQ(touched_keys(txn.take_write_set()), (Keys{"a", "b"}));
}

TEST_F(WriteSetTest, APartThatIsGivenUpContributesNothing) {
    WriteTxn txn = *env_->write();
    txn.track();
    {
        WriteTxn part = *txn.nested();
        ASSERT_TRUE(part.put(things(), "given up", "1"));
    }
    {
        WriteTxn part = *txn.nested();
        ASSERT_TRUE(part.put(things(), "kept", "1"));
        ASSERT_TRUE(part.commit());
    }
    EXPECT_EQ(touched_keys(txn.take_write_set()), (Keys{"kept"}));
}

TEST_F(WriteSetTest, WithoutTrackingNothingIsNoted) {
    WriteTxn txn = *env_->write();
    ASSERT_TRUE(txn.put(things(), "a", "1"));
    EXPECT_TRUE(txn.take_write_set().empty());
}

// All four works are in one commit, because the writer is held up before it.
TEST_F(WriteSetTest, EachWorkOfABatchIsToldItsOwn) {
    run::Loop loop;
    Writer writer(*env_, loop.poster());
    std::promise<void> entered;
    std::promise<void> go;
    ASSERT_TRUE(writer.submit(
        [&](WriteTxn&) -> Result<void> {
            entered.set_value();
            go.get_future().wait();
            return {};
        },
        nullptr));
    entered.get_future().wait();
    std::vector<Keys> told;
    const auto tell = [&](const Result<void>&, const WriteSet& touched) {
        told.push_back(touched_keys(touched));
    };
    for (const char* key : {"a", "b", "c"}) {
        const bool fails = *key == 'b';
        ASSERT_TRUE(writer.submit_tracked(
            [this, key, fails](WriteTxn& txn) -> Result<void> {
                EK_CHECK(txn.put(things(), key, "1"));
                if (fails) return fail(Errc::conflict, "no");
                return {};
            },
            tell));
    }
    go.set_value();
    ASSERT_TRUE(loop.run_until([&] { return told.size() == 3; }, test::kPatience));
    EXPECT_EQ(told, (std::vector<Keys>{{"a"}, {}, {"c"}}));
    EXPECT_EQ(writer.stats().commits, 2U);
}

}  // namespace
}  // namespace evenkeel::store
