#pragma once

#include <chrono>
#include <functional>

namespace evenkeel::run {

// Exponential back-off with full jitter: the n-th wait is drawn evenly from 0 to
// min(cap, base * 2^n), so that clients that failed together do not return together. Not locked.
class Backoff {
  public:
    // A number in [0, 1).
    using Random = std::function<double()>;

    Backoff(std::chrono::milliseconds base, std::chrono::milliseconds cap);
    Backoff(std::chrono::milliseconds base, std::chrono::milliseconds cap, Random random);
    // Waits of exactly min(cap, base * 2^n), where nobody else waits for the same.
    static Backoff without_jitter(std::chrono::milliseconds base, std::chrono::milliseconds cap) {
        return {base, cap, nullptr};
    }

    // The wait before the next attempt; each call counts as one failure.
    std::chrono::milliseconds next();
    // After a success, or with what still counts as failures.
    void reset(int failures = 0) { failures_ = failures; }
    void set_base(std::chrono::milliseconds base) { base_ = base; }
    int failures() const { return failures_; }

  private:
    std::chrono::milliseconds base_;
    std::chrono::milliseconds cap_;
    Random random_;  // empty: no jitter
    int failures_ = 0;
};

}  // namespace evenkeel::run
