#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

namespace evenkeel::plugin {

// How many lines a plugin may log: a thousand in each minute, and the rest is counted. [any]
class LogLimit {
  public:
    static constexpr std::uint64_t kMost = 1000;
    static constexpr std::uint64_t kWindowNs = 60'000'000'000;

    struct Advice {
        bool write = true;
        bool is_first_left_out = false;     // to be said, once for each minute
        std::uint64_t left_out_before = 0;  // in an earlier minute; to be said
    };
    // For one more line, at this CLOCK_MONOTONIC time.
    Advice take(std::uint64_t now_ns) {
        const std::lock_guard lock(mutex_);
        Advice advice;
        if (lines_ == 0 || now_ns - began_ns_ >= kWindowNs) {
            advice.left_out_before = lines_ > kMost ? lines_ - kMost : 0;
            began_ns_ = now_ns;
            lines_ = 0;
        }
        ++lines_;
        advice.write = lines_ <= kMost;
        advice.is_first_left_out = lines_ == kMost + 1;
        return advice;
    }

  private:
    std::mutex mutex_;
    std::uint64_t began_ns_ = 0, lines_ = 0;
};

}  // namespace evenkeel::plugin
