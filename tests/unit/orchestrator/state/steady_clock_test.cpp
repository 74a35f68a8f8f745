#include "orchestrator/state/steady_clock.hpp"

#include "orchestrator/commands/queue.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

constexpr std::int64_t kDay = 86'400'000;

class SteadyClockTest : public test::StateTest {};

std::int64_t distance(std::int64_t a, std::int64_t b) {
    return std::abs(a - b);
}

TEST_F(SteadyClockTest, BeginsAsTheWallClock) {
    EXPECT_LT(distance(SteadyClock().now_ms(), now_unix_ms()), 5'000);
}

TEST_F(SteadyClockTest, GoesOnOverARestartWhateverTheWallClockSays) {
    const Moment begun = Moment::now();
    const SteadyClock::Mark kept = SteadyClock(std::nullopt, begun).mark(begun);
    for (const std::int64_t step : {kDay, -kDay}) {
        const Moment now{begun.boot, begun.monotonic_ms + 7'000, begun.wall_ms + 7'000 + step};
        const SteadyClock again(kept, now);
        EXPECT_EQ(again.mark(now).clock_ms, kept.clock_ms + 7'000);
        EXPECT_TRUE(is_outdated(kept, again.mark(now)));
        // What is kept after the step leads the next start to the same time.
        const Moment later{begun.boot, now.monotonic_ms + 1'000, now.wall_ms + 1'000};
        const SteadyClock third(again.mark(now), later);
        EXPECT_EQ(third.mark(later).clock_ms, kept.clock_ms + 8'000);
        EXPECT_FALSE(is_outdated(again.mark(now), third.mark(later)));
    }
}

TEST_F(SteadyClockTest, AfterABootTheWallClockSaysHowLongTheMachineWasOff) {
    const Moment begun{"first", 1'000'000, kDay};
    const SteadyClock::Mark kept = SteadyClock(std::nullopt, begun).mark(begun);
    const Moment booted{"second", 5'000, kDay + 60'000};
    const SteadyClock again(kept, booted);
    EXPECT_EQ(again.mark(booted).clock_ms, kept.clock_ms + 60'000);
    EXPECT_TRUE(is_outdated(kept, again.mark(booted)));
    // Never backwards.
    const Moment set_back{"second", 5'000, 0};
    EXPECT_EQ(SteadyClock(kept, set_back).mark(set_back).clock_ms, kept.clock_ms);
}

TEST_F(SteadyClockTest, IsKeptInTheStore) {
    const std::int64_t before = state_->clock().now_ms();
    state_->keep_clock();
    change([](Edit&) { return Result<void>(); });
    state_.reset();
    open();
    EXPECT_LT(distance(state_->clock().now_ms(), before), 60'000);
    EXPECT_GE(state_->clock().now_ms(), before);
}

}  // namespace
}  // namespace evenkeel::state
