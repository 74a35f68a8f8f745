#pragma once

#include <chrono>
#include <cstdint>

namespace evenkeel::plugin {

struct Call;

// How long somebody waits: until a time, and no longer than until a descriptor is readable. [any]
struct Until {
    std::uint64_t at_ns = 0;  // CLOCK_MONOTONIC; 0: for ever
    int cancel_fd = -1;       // -1: nothing ends it

    // The same, and not longer than this from now on.
    Until but_at_most(std::chrono::nanoseconds most) const;
    bool is_over() const;
    // Milliseconds to poll for, up to an hour; -1: without end.
    int left_ms() const;
};

// Until the call is cancelled, or its timeout, counted from now, is over.
Until until_end_of(const Call& call);

// Waits for poll(2)'s `events` of `fd`, which may be -1; false when it was over before they came.
bool wait_for(int fd, short events, const Until& until);

// Who waits for another thread looks so often whether his own time is over.
inline constexpr std::chrono::milliseconds kLookWhileWaiting{50};

}  // namespace evenkeel::plugin
