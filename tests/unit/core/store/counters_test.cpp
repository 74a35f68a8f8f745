#include "core/store/counters.hpp"

#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

TEST_F(StoreTest, RowsThatAreReadAndWrittenAreCounted) {
    const Counters before = counters();
    put("a", "1");
    put("b", "2");
    EXPECT_EQ((counters() - before).writes, 2U);
    const Counters written = counters();
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("none"), "(none)");
    EXPECT_EQ((counters() - written).reads, 2U);
    const Counters looked_up = counters();
    EXPECT_EQ(keys(Range::all()).size(), 2U);
    EXPECT_EQ((counters() - looked_up).reads, 2U);
    EXPECT_EQ((counters() - looked_up).writes, 0U);
}

TEST_F(StoreTest, CommitsThatChangeSomethingAreCounted) {
    const Counters before = counters();
    put("a", "1");
    WriteTxn empty = *env_->write();
    ASSERT_TRUE(empty.commit());
    {
        WriteTxn dropped = *env_->write();
        ASSERT_TRUE(dropped.put(things(), "b", "1"));
    }
    WriteTxn outer = *env_->write();
    WriteTxn part = *outer.nested();
    ASSERT_TRUE(part.put(things(), "c", "1"));
    ASSERT_TRUE(part.commit());
    ASSERT_TRUE(outer.commit());
    EXPECT_EQ((counters() - before).commits, 2U);
}

}  // namespace
}  // namespace evenkeel::store
