#include "plugins/services/systemd/start_limit.hpp"

#include <algorithm>

#include "plugins/services/systemd/properties.hpp"

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kUsPerSecond = 1'000'000;
// Longer ones are waited for no longer; systemd's infinity is the largest number there is.
constexpr std::uint64_t kIntervalMostUs = 3600 * kUsPerSecond;
constexpr std::uint64_t kInfinityUs = UINT64_MAX;

}  // namespace

StartLimit StartLimit::of(const Properties& unit) {
    StartLimit limit;
    limit.burst = unit.number("StartLimitBurst");
    const std::uint64_t interval_us = unit.number("StartLimitIntervalUSec");
    limit.interval_us = std::min(interval_us, kIntervalMostUs);
    limit.is_for_ever = interval_us == kInfinityUs;
    limit.was_hit = unit.text("Result") == "start-limit-hit";
    limit.ended_by_itself = limit.was_hit || unit.text("ActiveState") == "failed";
    limit.started_us = unit.number("InactiveExitTimestampMonotonic");
    limit.ended_us = unit.number("InactiveEnterTimestampMonotonic");
    return limit;
}

std::string StartLimit::words() const {
    const std::string length = is_for_ever ? "infinity"
                               : interval_us % kUsPerSecond == 0
                                   ? std::to_string(interval_us / kUsPerSecond) + "s"
                                   : std::to_string(interval_us / kUsPerMs) + "ms";
    return std::to_string(burst) + (burst == 1 ? " start" : " starts") + " within " + length;
}

std::uint64_t StartLimit::pause_us() const {
    if (!is_set()) return 0;
    return std::min(interval_us, interval_us / burst * 2);
}

std::optional<std::uint64_t> StartLimit::not_before_us() const {
    if (!is_set() || !ended_by_itself) return std::nullopt;
    return was_hit ? std::max(ended_us, started_us) + interval_us : started_us + pause_us();
}

}  // namespace evenkeel::services
