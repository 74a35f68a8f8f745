#include "plugins/posix/settle.hpp"

#include <gtest/gtest.h>

namespace evenkeel::posix {
namespace {

using Ids = std::vector<std::string>;
constexpr std::uint64_t kMs = 1'000'000;

TEST(Settle, JudgesAtOnceWhatIsClosed) {
    Settle settle;
    settle.touch("a", Touch::created, 0);
    settle.touch("a", Touch::writing, 0);
    settle.touch("a", Touch::settled, 0);
    EXPECT_EQ(settle.take_due(0), Ids{"a"});
    EXPECT_EQ(settle.next_ns(), 0u);
    EXPECT_EQ(settle.take_due(9000 * kMs), Ids{});
}

TEST(Settle, GivesAVanishedFileFiftyMilliseconds) {
    Settle settle;
    settle.touch("a", Touch::vanished, 0);
    EXPECT_EQ(settle.next_ns(), 50 * kMs);
    EXPECT_EQ(settle.take_due(49 * kMs), Ids{});
    EXPECT_EQ(settle.take_due(50 * kMs), Ids{"a"});
}

TEST(Settle, GivesAnUnclosedWriteOneSecondFromItsBeginning) {
    Settle settle;
    settle.touch("a", Touch::writing, 0);
    settle.touch("a", Touch::writing, 900 * kMs);
    EXPECT_EQ(settle.take_due(999 * kMs), Ids{});
    EXPECT_EQ(settle.take_due(1000 * kMs), Ids{"a"});
    settle.touch("a", Touch::writing, 1100 * kMs);
    EXPECT_EQ(settle.take_due(2100 * kMs), Ids{"a"}) << "one that never stops is looked at again";
}

TEST(Settle, SaysOnceWhoHasBegunAndIsNotDone) {
    Settle settle;
    settle.touch("a", Touch::writing, 0);
    settle.touch("b", Touch::writing, 0);
    settle.touch("b", Touch::settled, 0);
    EXPECT_EQ(settle.take_unsettled(), Ids{"a"});
    settle.touch("a", Touch::writing, 500 * kMs);
    EXPECT_EQ(settle.take_unsettled(), Ids{});
    EXPECT_EQ(settle.take_due(1000 * kMs), (Ids{"a", "b"}));
    settle.touch("a", Touch::writing, 1100 * kMs);
    EXPECT_EQ(settle.take_unsettled(), Ids{}) << "a log that never stops is judged nevertheless";
    settle.touch("a", Touch::settled, 1200 * kMs);
    settle.touch("a", Touch::writing, 1300 * kMs);
    EXPECT_EQ(settle.take_unsettled(), Ids{"a"});
}

TEST(Settle, WaitsForTheWriterOfANewFile) {
    Settle settle;
    settle.touch("a", Touch::created, 0);
    settle.touch("a", Touch::writing, 10 * kMs);
    EXPECT_EQ(settle.take_due(60 * kMs), Ids{});
    settle.touch("a", Touch::settled, 70 * kMs);
    EXPECT_EQ(settle.take_due(70 * kMs), Ids{"a"});
}

TEST(Settle, TellsTheEarliestTime) {
    Settle settle;
    settle.touch("a", Touch::writing, 0);
    settle.touch("b", Touch::vanished, 0);
    EXPECT_EQ(settle.next_ns(), 50 * kMs);
    settle.forget("b");
    EXPECT_EQ(settle.next_ns(), 1000 * kMs);
}

}  // namespace
}  // namespace evenkeel::posix
