#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace evenkeel::services {

class Properties;

inline constexpr std::uint64_t kUsPerMs = 1'000;

// How often systemd starts a unit: at most `burst` times within the interval (StartLimitBurst,
// StartLimitIntervalSec); the next start fails with start-limit-hit, whoever asks for it. Times are
// in microseconds of CLOCK_MONOTONIC.
struct StartLimit {
    static StartLimit of(const Properties& unit);

    bool is_set() const { return burst != 0 && interval_us != 0; }
    // "5 starts within 10s"
    std::string words() const;
    // How long to wait between starts that nobody orders: they use up at most half of what the
    // limit allows, so that a person can still start the unit.
    std::uint64_t pause_us() const;
    // When such a start may come, after the unit ended by itself; nothing: at once.
    std::optional<std::uint64_t> not_before_us() const;

    std::uint64_t burst = 0;
    std::uint64_t interval_us = 0;  // at most an hour
    bool is_for_ever = false;       // the interval is "infinity"
    bool was_hit = false;           // the unit failed by it
    bool ended_by_itself = false;   // it failed, by whatever
    std::uint64_t started_us = 0;   // its last start
    std::uint64_t ended_us = 0;
};

}  // namespace evenkeel::services
