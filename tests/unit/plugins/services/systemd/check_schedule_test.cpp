#include "plugins/services/systemd/check_schedule.hpp"

#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
using Ids = std::vector<std::string>;

TEST(CheckSchedule, ChecksAtOnceWhatIsUpAndSoonWhatIsDown) {
    CheckSchedule schedule;
    schedule.state_changed("a", Phase::up, 100 * kMs);
    EXPECT_EQ(schedule.take_due(100 * kMs), Ids{"a"});
    EXPECT_EQ(schedule.next_ns(), 0u);
    schedule.state_changed("a", Phase::down, 100 * kMs);
    EXPECT_EQ(schedule.take_due(100 * kMs), Ids{});
    EXPECT_EQ(schedule.next_ns(), 105 * kMs);
    EXPECT_EQ(schedule.take_due(105 * kMs), Ids{"a"});
}

TEST(CheckSchedule, WaitsForOneThatIsBeingRestartedOneSecondAtMost) {
    CheckSchedule schedule;
    schedule.state_changed("a", Phase::down, 0);
    schedule.state_changed("a", Phase::transition, kMs);
    schedule.state_changed("a", Phase::transition, 900 * kMs);
    EXPECT_EQ(schedule.take_due(1000 * kMs), Ids{});
    EXPECT_EQ(schedule.take_due(1001 * kMs), Ids{"a"});
}

TEST(CheckSchedule, WaitsUntilUnitFilesAreLeftAlone) {
    CheckSchedule schedule;
    schedule.files_changed("a", 0);
    schedule.files_changed("a", 40 * kMs);
    schedule.state_changed("b", Phase::up, 45 * kMs);
    EXPECT_EQ(schedule.take_due(60 * kMs), Ids{"b"});
    EXPECT_EQ(schedule.take_due(90 * kMs), Ids{"a"});
    EXPECT_EQ(schedule.next_ns(), 0u);
}

TEST(CheckSchedule, ChecksFilesAlsoAfterAnEarlierCheckOfTheState) {
    CheckSchedule schedule;
    schedule.files_changed("a", 0);
    schedule.state_changed("a", Phase::up, 0);
    EXPECT_EQ(schedule.take_due(0), Ids{"a"});
    EXPECT_EQ(schedule.take_due(50 * kMs), Ids{"a"});
}

TEST(CheckSchedule, ForgetsWhatIsNoLongerOfInterest) {
    CheckSchedule schedule;
    schedule.files_changed("a", 0);
    schedule.state_changed("a", Phase::down, 0);
    schedule.forget("a");
    EXPECT_EQ(schedule.next_ns(), 0u);
}

TEST(Transitions, AreSilentWhileAJobIsUnderWay) {
    Transitions transitions;
    EXPECT_EQ(transitions.on_properties("a", {"active", "running", 0}), Phase::up);
    for (const char* state : {"deactivating", "inactive", "activating", "active"})
        EXPECT_EQ(transitions.on_properties("a", {state, "x", 7}), std::nullopt);
    EXPECT_EQ(transitions.on_properties("a", {"active", "running", 0}), std::nullopt);
    EXPECT_EQ(transitions.on_properties("a", {"failed", "failed", 0}), Phase::down);
    EXPECT_EQ(transitions.on_properties("a", {"activating", "auto-restart", 0}), Phase::transition);
}

TEST(Transitions, TreatASignalWithoutAStateAsAChange) {
    Transitions transitions;
    EXPECT_EQ(transitions.on_properties("a", {}), Phase::up);
    EXPECT_EQ(transitions.on_properties("a", {}), Phase::up);
}

}  // namespace
}  // namespace evenkeel::services
