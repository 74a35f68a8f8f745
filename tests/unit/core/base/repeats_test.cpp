#include "core/base/repeats.hpp"

#include <gtest/gtest.h>

namespace evenkeel::log {
namespace {

using std::chrono::seconds;

class RepeatsTest : public testing::Test {
  protected:
    unsigned write(unsigned times, const std::string& text = "cannot write") {
        unsigned passed = 0;
        for (unsigned i = 0; i < times; ++i) {
            passed += repeats.passes(1, text, text + " n=" + std::to_string(i), now) ? 1U : 0U;
        }
        return passed;
    }
    Repeats repeats;
    Repeats::Clock::time_point now;
};

TEST_F(RepeatsTest, AStormIsOneLineAfterItsBeginning) {
    EXPECT_EQ(write(3240), Repeats::kBurst);
    EXPECT_TRUE(repeats.take_over(now).empty());
    now += Repeats::kWindow;
    const auto over = repeats.take_over(now);
    ASSERT_EQ(over.size(), 1U);
    EXPECT_EQ(over[0].count, 3240 - Repeats::kBurst);
    EXPECT_EQ(over[0].line, "cannot write n=3239");
    EXPECT_TRUE(repeats.take_over(now).empty());
}

TEST_F(RepeatsTest, WhatIsNotTakenOutYetGoesOnCounting) {
    write(Repeats::kBurst + 1);
    now += 2 * Repeats::kWindow;
    EXPECT_EQ(write(1), 0U);
    EXPECT_EQ(repeats.take_over(now).at(0).count, 2U);
    EXPECT_EQ(write(Repeats::kBurst), Repeats::kBurst);
}

TEST_F(RepeatsTest, AFewAreWrittenAndOtherTextsToo) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(write(2), 2U);
        now += seconds(1);
        EXPECT_TRUE(repeats.take_over(now).empty());
    }
    EXPECT_EQ(write(100), Repeats::kBurst);
    EXPECT_EQ(write(1, "something else"), 1U);
}

TEST_F(RepeatsTest, HoweverManyTextsThereAreFewAreKept) {
    for (std::size_t i = 0; i < 2 * Repeats::kTextsMost; ++i) {
        EXPECT_EQ(write(1, std::to_string(i)), 1U);
    }
    EXPECT_EQ(write(100, "0"), Repeats::kBurst - 1);
}

}  // namespace
}  // namespace evenkeel::log
