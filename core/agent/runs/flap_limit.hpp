#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace evenkeel::agent {

// Limits how often a resource is repaired: when repairs are undone again and again, they are first
// spaced out and then stopped for a while. What undoes them quickly is found within a minute, what
// does so every few seconds within an hour.
class FlapLimit {
  public:
    // So many repairs within the window are enough: no more for a while.
    struct Stop {
        std::size_t most;
        std::chrono::milliseconds window;
        std::chrono::milliseconds rest;
    };
    struct Options {
        std::size_t at_once = 5;  // repairs within the short window that need not wait
        Stop quick{20, std::chrono::minutes(1), std::chrono::minutes(10)};
        Stop slow{40, std::chrono::hours(1), std::chrono::hours(1)};
    };

    FlapLimit();
    explicit FlapLimit(Options options);

    // How long the next repair has to wait, counted from `now_ms` (any steady clock); nothing while
    // repairs are stopped. Each call counts as one repair.
    std::optional<std::chrono::milliseconds> next(std::int64_t now_ms);
    // Whether repairs are stopped.
    bool resting(std::int64_t now_ms) const { return now_ms < rests_until_ms_; }
    // What has stopped them last.
    const Stop& stop() const { return stop_; }

  private:
    std::size_t count_since(std::int64_t horizon_ms) const;
    bool is_reached(const Stop& stop, std::int64_t now_ms);

    Options options_;
    Stop stop_;
    std::deque<std::int64_t> repairs_ms_;  // within the longer window
    std::int64_t rests_until_ms_ = 0;
};

}  // namespace evenkeel::agent
