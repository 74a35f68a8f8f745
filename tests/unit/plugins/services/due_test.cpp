#include "plugins/services/due.hpp"

#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
using Ids = std::vector<std::string>;

TEST(Due, LooksAtOnceAtWhatIsUpAndSoonAtWhatIsDown) {
    Due due;
    due.state("a", Phase::up, 100 * kMs);
    EXPECT_EQ(due.take(100 * kMs), Ids{"a"});
    EXPECT_EQ(due.next_ns(), 0u);
    due.state("a", Phase::down, 100 * kMs);
    EXPECT_EQ(due.take(100 * kMs), Ids{});
    EXPECT_EQ(due.next_ns(), 105 * kMs);
    EXPECT_EQ(due.take(105 * kMs), Ids{"a"});
}

TEST(Due, WaitsForOneThatIsOnItsWayUpAgainOneSecondAtMost) {
    Due due;
    due.state("a", Phase::down, 0);
    due.state("a", Phase::transit, kMs);
    due.state("a", Phase::transit, 900 * kMs);
    EXPECT_EQ(due.take(1000 * kMs), Ids{});
    EXPECT_EQ(due.take(1001 * kMs), Ids{"a"});
}

TEST(Due, WaitsUntilUnitFilesAreLeftAlone) {
    Due due;
    due.files("a", 0);
    due.files("a", 40 * kMs);
    due.state("b", Phase::up, 45 * kMs);
    EXPECT_EQ(due.take(60 * kMs), Ids{"b"});
    EXPECT_EQ(due.take(90 * kMs), Ids{"a"});
    EXPECT_EQ(due.next_ns(), 0u);
}

TEST(Due, LooksAtFilesAlsoAfterAnEarlyLookAtTheState) {
    Due due;
    due.files("a", 0);
    due.state("a", Phase::up, 0);
    EXPECT_EQ(due.take(0), Ids{"a"});
    EXPECT_EQ(due.take(50 * kMs), Ids{"a"});
}

TEST(Due, ForgetsWhatNobodyIsInterestedIn) {
    Due due;
    due.files("a", 0);
    due.state("a", Phase::down, 0);
    due.forget("a");
    EXPECT_EQ(due.next_ns(), 0u);
}

TEST(Transitions, AreSilentWhileAJobIsUnderWay) {
    Transitions transitions;
    EXPECT_EQ(transitions.on_properties("a", {"active", "running", 0}), Phase::up);
    for (const char* state : {"deactivating", "inactive", "activating", "active"})
        EXPECT_EQ(transitions.on_properties("a", {state, "x", 7}), std::nullopt);
    EXPECT_EQ(transitions.on_properties("a", {"active", "running", 0}), std::nullopt);
    EXPECT_EQ(transitions.on_properties("a", {"failed", "failed", 0}), Phase::down);
    EXPECT_EQ(transitions.on_properties("a", {"activating", "auto-restart", 0}), Phase::transit);
}

TEST(Transitions, TakeASignalThatLeavesTheStateOutForNews) {
    Transitions transitions;
    EXPECT_EQ(transitions.on_properties("a", {}), Phase::up);
    EXPECT_EQ(transitions.on_properties("a", {}), Phase::up);
}

}  // namespace
}  // namespace evenkeel::services
