#include "orchestrator/api/fleet_apply.hpp"

#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::api {
namespace {

using FleetAppliesTest = test::StateTest;

TEST_F(FleetAppliesTest, AllRequestsTogetherHaveSoManyChangesUnderWay) {
    FleetApplies applies(loop_, *state_);
    std::size_t taken = 0;
    for (; applies.has_room(10); ++taken) applies.take(10);
    EXPECT_EQ(taken, 500U);
    applies.give_back(10);
    EXPECT_TRUE(applies.has_room(10));
}

TEST_F(FleetAppliesTest, AndSoManyBytesButOneChangeInAnyCase) {
    FleetApplies applies(loop_, *state_);
    constexpr std::size_t kLarge = 30 << 20;
    EXPECT_TRUE(applies.has_room(kLarge));
    applies.take(kLarge);
    EXPECT_FALSE(applies.has_room(1));
    applies.give_back(kLarge);
    std::size_t taken = 0;
    for (; applies.has_room(1 << 20); ++taken) applies.take(1 << 20);
    EXPECT_EQ(taken, 16U);
}

}  // namespace
}  // namespace evenkeel::api
