#include "core/run/backoff.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace evenkeel::run {
namespace {

using std::chrono::milliseconds;

Backoff with_chance(double chance) {
    return Backoff(milliseconds(100), milliseconds(3000), [chance] { return chance; });
}

TEST(Backoff, DoublesItsWidthUpToTheCap) {
    Backoff backoff = with_chance(1.0);
    for (const int expected : {100, 200, 400, 800, 1600, 3000, 3000, 3000}) {
        EXPECT_EQ(backoff.next(), milliseconds(expected));
    }
}

TEST(Backoff, WithoutJitterWaitsForAllOfIt) {
    Backoff backoff = Backoff::without_jitter(milliseconds(100), milliseconds(300));
    for (const int expected : {100, 200, 300, 300}) EXPECT_EQ(backoff.next().count(), expected);
}

TEST(Backoff, DrawsFromTheWholeWidth) {
    EXPECT_EQ(with_chance(0.0).next(), milliseconds(0));
    EXPECT_EQ(with_chance(0.25).next(), milliseconds(25));
}

TEST(Backoff, BeginsAnewAfterASuccess) {
    Backoff backoff = with_chance(1.0);
    backoff.next();
    backoff.next();
    EXPECT_EQ(backoff.failures(), 2);
    backoff.reset();
    EXPECT_EQ(backoff.next(), milliseconds(100));
}

TEST(Backoff, BeginsAnewWithAnotherBaseAndFromALaterStep) {
    Backoff backoff = with_chance(1.0);
    for (int i = 0; i < 4; ++i) backoff.next();
    backoff.set_base(milliseconds(200));
    backoff.reset(1);
    EXPECT_EQ(backoff.next(), milliseconds(400));
    backoff.reset();
    EXPECT_EQ(backoff.next(), milliseconds(200));
}

TEST(Backoff, StaysAtTheCapForEver) {
    Backoff backoff = with_chance(1.0);
    for (int i = 0; i < 10'000; ++i) backoff.next();
    EXPECT_EQ(backoff.next(), milliseconds(3000));
}

TEST(Backoff, TwoDoNotGoTogether) {
    const auto waits = [] {
        Backoff backoff(milliseconds(1000), milliseconds(60'000));
        std::vector<milliseconds> drawn;
        for (int i = 0; i < 10; ++i) {
            drawn.push_back(backoff.next());
            EXPECT_LE(drawn.back(), milliseconds(60'000));
            EXPECT_GE(drawn.back(), milliseconds(0));
        }
        return drawn;
    };
    EXPECT_NE(waits(), waits());
}

}  // namespace
}  // namespace evenkeel::run
