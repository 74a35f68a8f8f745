#include "core/agent/runs/flap_limit.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using std::chrono::milliseconds;

TEST(FlapLimit, FirstRepairsDoNotWaitLaterOnesDo) {
    FlapLimit flap(
        {.at_once = 2, .most = 10, .window = milliseconds(1000), .rest = milliseconds(1)});
    EXPECT_EQ(flap.next(0)->count(), 0);
    EXPECT_EQ(flap.next(1)->count(), 0);
    EXPECT_GT(flap.next(2)->count(), 0);
    EXPECT_GT(flap.next(3)->count(), flap.next(2)->count() / 2);
}

TEST(FlapLimit, GivesUpForAWhileAndBeginsAnew) {
    FlapLimit flap(
        {.at_once = 5, .most = 2, .window = milliseconds(1000), .rest = milliseconds(500)});
    EXPECT_TRUE(flap.next(0));
    EXPECT_TRUE(flap.next(1));
    EXPECT_FALSE(flap.next(2));
    EXPECT_TRUE(flap.resting(400));
    EXPECT_FALSE(flap.next(400));
    EXPECT_FALSE(flap.resting(600));
    EXPECT_TRUE(flap.next(600));
}

TEST(FlapLimit, OldRepairsDoNotCount) {
    FlapLimit flap({.at_once = 5, .most = 2, .window = milliseconds(100), .rest = milliseconds(1)});
    for (int at = 0; at < 1000; at += 60) EXPECT_TRUE(flap.next(at)) << at;
}

}  // namespace
}  // namespace evenkeel::agent
