#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace evenkeel::agent {

// Limits how often a resource is repaired: when repairs are undone again and again, they are first
// spaced out and then stopped for a while.
class FlapLimit {
  public:
    struct Options {
        std::size_t at_once = 5;  // repairs within the window that need not wait
        std::size_t most = 20;    // repairs within the window before they are stopped
        std::chrono::milliseconds window{60'000};
        std::chrono::milliseconds rest{600'000};  // how long they are stopped
    };

    FlapLimit();
    explicit FlapLimit(Options options);

    // How long the next repair has to wait, counted from `now_ms` (any steady clock); nothing while
    // repairs are stopped. Each call counts as one repair.
    std::optional<std::chrono::milliseconds> next(std::int64_t now_ms);
    // Whether repairs are stopped, and for how long.
    bool resting(std::int64_t now_ms) const { return now_ms < rests_until_ms_; }
    std::chrono::milliseconds rest() const { return options_.rest; }

  private:
    Options options_;
    std::deque<std::int64_t> repairs_ms_;
    std::int64_t rests_until_ms_ = 0;
};

}  // namespace evenkeel::agent
