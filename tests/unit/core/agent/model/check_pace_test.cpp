#include "core/agent/model/check_pace.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{20};
constexpr std::uint64_t kPauseNs = 20'000'000;
constexpr std::uint64_t kNow = 1'000'000'000;

TEST(CheckPace, AFewFollowEachOtherAtOnce) {
    CheckPace pace;
    for (std::uint64_t i = 0; i < CheckPace::kAtOnce; ++i) {
        EXPECT_LE(pace.due_ns(kPause), kNow) << i;
        pace.spend(kNow, kPause);
    }
    EXPECT_EQ(pace.due_ns(kPause), kNow + kPauseNs);
}

TEST(CheckPace, WhatChangesAllTheTimeWaitsForThePause) {
    CheckPace pace;
    std::uint64_t now = kNow;
    for (int i = 0; i < 1000; ++i) {
        now = std::max(now, pace.due_ns(kPause));
        pace.spend(now, kPause);
    }
    EXPECT_EQ(now, kNow + (1000 - CheckPace::kAtOnce) * kPauseNs);
}

TEST(CheckPace, WhatWeHaveChangedIsLookedAtOnceAfterThePause) {
    CheckPace pace;
    pace.rest(kNow, kPause);
    EXPECT_EQ(pace.due_ns(kPause), kNow + kPauseNs);
    pace.spend(kNow + kPauseNs, kPause);
    EXPECT_EQ(pace.due_ns(kPause), kNow + 2 * kPauseNs);
}

TEST(CheckPace, ComesBackWithTime) {
    CheckPace pace;
    for (std::uint64_t i = 0; i < CheckPace::kAtOnce; ++i) pace.spend(kNow, kPause);
    const std::uint64_t later = kNow + 10 * kPauseNs;
    for (std::uint64_t i = 0; i < CheckPace::kAtOnce; ++i) {
        EXPECT_LE(pace.due_ns(kPause), later) << i;
        pace.spend(later, kPause);
    }
    EXPECT_GT(pace.due_ns(kPause), later);
}

}  // namespace
}  // namespace evenkeel::agent
