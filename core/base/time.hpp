#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel {

// Milliseconds since 1970 by the wall clock: for people and ids, never for deadlines.
std::int64_t now_unix_ms();
// Nanoseconds by CLOCK_MONOTONIC: for deadlines and intervals.
std::uint64_t now_monotonic_ns();
inline std::int64_t now_monotonic_ms() {
    return static_cast<std::int64_t>(now_monotonic_ns() / 1'000'000);
}

// A moment from which distances are measured after a restart of the program too: the monotonic
// clock goes on as long as the machine runs. Only after a boot the wall clock must do.
struct Moment {
    std::string boot;  // the kernel's id of this boot; empty when it is not known
    std::int64_t monotonic_ms = 0;
    std::int64_t wall_ms = 0;

    static Moment now();
};
// How long ago, at least 0. A wall clock that is set changes nothing while the machine runs.
std::chrono::milliseconds time_since(const Moment& moment);
std::chrono::milliseconds time_between(const Moment& from, const Moment& to);

// RFC 3339 in UTC with milliseconds: "2026-11-23T05:36:53.120Z".
std::string to_rfc3339(std::int64_t unix_ms);
inline std::string now_rfc3339() {
    return to_rfc3339(now_unix_ms());
}
// Reads what to_rfc3339 writes, with 0 to 9 fraction digits and `Z` only.
Result<std::int64_t> from_rfc3339(std::string_view text);

// "500ms", "30s", "10m", "2h", "7d": one whole number, one unit. `invalid` otherwise, or when over
// 10 years.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest such text: 90000 ms is "90s".
std::string to_duration(std::chrono::milliseconds value);

}  // namespace evenkeel
