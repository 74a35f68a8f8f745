#pragma once

#include <cstdint>
#include <optional>

#include "core/base/time.hpp"

namespace evenkeel::state {

// The time by which commands expire and kept answers grow old, in milliseconds since 1970. It began
// as the wall clock of the first start and goes on by the monotonic one, over restarts too, so that
// setting the wall clock ends nothing. Only how long a machine was off is the wall clock's to say.
// It may differ from the wall clock for ever: its times are compared and never shown. Immutable.
// [any]
class SteadyClock {
  public:
    // What is kept of it for the next start.
    struct Mark {
        Moment at;
        std::int64_t clock_ms = 0;

        // By how much the wall clock is ahead.
        std::int64_t ahead_ms() const { return at.wall_ms - clock_ms; }
    };

    explicit SteadyClock(const std::optional<Mark>& kept = std::nullopt,
                         const Moment& now = Moment::now());

    std::int64_t now_ms() const { return offset_ms_ + now_monotonic_ms(); }
    Mark mark(const Moment& now = Moment::now()) const;

  private:
    std::int64_t offset_ms_;  // to the monotonic clock of this boot
};

// Whether `kept` no longer says what `now` does: the machine was booted, or its wall clock set,
// since.
bool is_outdated(const SteadyClock::Mark& kept, const SteadyClock::Mark& now);

}  // namespace evenkeel::state
