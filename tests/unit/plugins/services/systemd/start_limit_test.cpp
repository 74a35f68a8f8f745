#include "plugins/services/systemd/start_limit.hpp"

#include <gtest/gtest.h>

#include "plugins/services/systemd/properties.hpp"

namespace evenkeel::services {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

StartLimit limit(std::uint64_t burst, std::uint64_t seconds) {
    StartLimit made;
    made.burst = burst;
    made.interval_us = seconds * kSecond;
    made.started_us = 100 * kSecond;
    made.ended_us = 101 * kSecond;
    return made;
}

TEST(AStartLimit, SpacesStartsSoThatHalfOfItIsLeft) {
    EXPECT_EQ(limit(5, 10).pause_us(), 4 * kSecond);
    EXPECT_EQ(limit(1, 60).pause_us(), 60 * kSecond);
    EXPECT_EQ(limit(2, 60).pause_us(), 60 * kSecond);
    EXPECT_EQ(limit(5, 0).pause_us(), 0u);
    EXPECT_EQ(limit(0, 10).pause_us(), 0u);
}

TEST(AStartLimit, HoldsBackOnlyWhatEndedByItself) {
    StartLimit now = limit(5, 10);
    EXPECT_EQ(now.not_before_us(), std::nullopt);
    now.ended_by_itself = true;
    EXPECT_EQ(now.not_before_us(), 104 * kSecond);
    now.was_hit = true;
    EXPECT_EQ(now.not_before_us(), 111 * kSecond);
    now.interval_us = 0;
    EXPECT_EQ(now.not_before_us(), std::nullopt);
}

TEST(AStartLimit, IsReadFromAUnitsProperties) {
    Properties unit;
    unit.numbers = {{"StartLimitBurst", 5}, {"StartLimitIntervalUSec", 10 * kSecond}};
    unit.texts = {{"Result", "start-limit-hit"}, {"ActiveState", "failed"}};
    const StartLimit found = StartLimit::of(unit);
    EXPECT_TRUE(found.was_hit && found.ended_by_itself);
    EXPECT_EQ(found.words(), "5 starts within 10s");
}

TEST(AStartLimit, WithoutEndIsWaitedForAnHour) {
    Properties unit;
    unit.numbers = {{"StartLimitBurst", 1},
                    {"StartLimitIntervalUSec", UINT64_MAX},
                    {"InactiveExitTimestampMonotonic", 100 * kSecond},
                    {"InactiveEnterTimestampMonotonic", 101 * kSecond}};
    unit.texts = {{"Result", "start-limit-hit"}, {"ActiveState", "failed"}};
    StartLimit found = StartLimit::of(unit);
    EXPECT_EQ(found.words(), "1 start within infinity");
    EXPECT_EQ(found.pause_us(), 3600 * kSecond);
    EXPECT_EQ(found.not_before_us(), 3701 * kSecond);
    found.was_hit = false;
    EXPECT_EQ(found.not_before_us(), 3700 * kSecond);
}

}  // namespace
}  // namespace evenkeel::services
