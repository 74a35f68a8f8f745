#include "orchestrator/bus/backoff_base.hpp"

#include <gtest/gtest.h>

namespace evenkeel::bus {
namespace {

using namespace std::chrono_literals;

TEST(BackoffBase, RisesWithTheFleetFromASecondToAMinute) {
    EXPECT_EQ(backoff_base(0), 1s);
    EXPECT_EQ(backoff_base(1'000), 1s);
    EXPECT_EQ(backoff_base(2'000), 2s);
    EXPECT_EQ(backoff_base(10'000), 10s);
    EXPECT_EQ(backoff_base(20'000), 20s);
    EXPECT_EQ(backoff_base(60'000), 1min);
    EXPECT_EQ(backoff_base(SIZE_MAX), 1min);
}

}  // namespace
}  // namespace evenkeel::bus
