#include "core/agent/runs/flap_limit.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using std::chrono::milliseconds;

TEST(FlapLimit, FirstRepairsDoNotWaitLaterOnesDo) {
    FlapLimit flap({.at_once = 2, .quick = {10, milliseconds(1000), milliseconds(1)}});
    EXPECT_EQ(flap.next(0)->count(), 0);
    EXPECT_EQ(flap.next(1)->count(), 0);
    EXPECT_GT(flap.next(2)->count(), 0);
    EXPECT_GT(flap.next(3)->count(), flap.next(2)->count() / 2);
}

TEST(FlapLimit, GivesUpForAWhileAndBeginsAnew) {
    FlapLimit flap({.quick = {2, milliseconds(1000), milliseconds(500)}});
    EXPECT_TRUE(flap.next(0));
    EXPECT_TRUE(flap.next(1));
    EXPECT_FALSE(flap.next(2));
    EXPECT_TRUE(flap.resting(400));
    EXPECT_FALSE(flap.next(400));
    EXPECT_FALSE(flap.resting(600));
    EXPECT_TRUE(flap.next(600));
}

TEST(FlapLimit, OldRepairsDoNotCount) {
    FlapLimit flap({.quick = {2, milliseconds(100), milliseconds(1)}});
    for (int at = 0; at < 1000; at += 60) EXPECT_TRUE(flap.next(at)) << at;
}

// A repair each six seconds is never more than ten within a minute.
TEST(FlapLimit, WhatIsUndoneEverySixSecondsIsFoundWithinTheHour) {
    FlapLimit flap;
    std::int64_t now = 1'000'000;
    int repairs = 0;
    for (; flap.next(now); now += 6'000) ++repairs;
    EXPECT_EQ(repairs, 40);
    EXPECT_EQ(flap.stop().window, std::chrono::hours(1));
    EXPECT_TRUE(flap.resting(now + milliseconds(std::chrono::minutes(59)).count()));
    EXPECT_TRUE(flap.next(now + milliseconds(std::chrono::hours(1)).count()));
}

TEST(FlapLimit, WhatIsUndoneEveryTwoMinutesIsRepairedForEver) {
    FlapLimit flap;
    for (std::int64_t now = 0; now < 86'400'000; now += 120'000) EXPECT_TRUE(flap.next(now)) << now;
}

}  // namespace
}  // namespace evenkeel::agent
