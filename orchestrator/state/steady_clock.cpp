#include "orchestrator/state/steady_clock.hpp"

#include <cstdlib>

namespace evenkeel::state {
namespace {

// The two clocks run apart by less than this in the course of a boot.
constexpr std::int64_t kSetMs = 1'000;

}  // namespace

SteadyClock::SteadyClock(const std::optional<Mark>& kept, const Moment& now)
    : offset_ms_((kept ? kept->clock_ms + time_between(kept->at, now).count() : now.wall_ms) -
                 now.monotonic_ms) {}

SteadyClock::Mark SteadyClock::mark(const Moment& now) const {
    return {now, offset_ms_ + now.monotonic_ms};
}

bool is_outdated(const SteadyClock::Mark& kept, const SteadyClock::Mark& now) {
    return kept.at.boot != now.at.boot || std::abs(kept.ahead_ms() - now.ahead_ms()) >= kSetMs;
}

}  // namespace evenkeel::state
