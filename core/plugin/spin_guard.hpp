#pragma once

#include <chrono>

namespace evenkeel::plugin {

// Notices that something calls a watch again and again and is as ready afterwards as before: a
// descriptor that is never drained, a timer that is always set to the past. Counts calls, not time:
// a watch that has much to do and does it is never slowed.
class SpinGuard {
  public:
    enum class Advice { go_on, pause, give_up };
    static constexpr unsigned kFree = 1000;  // calls in a row without a pause
    static constexpr unsigned kPaused = 10;  // and with one

    // After each call.
    Advice called(bool as_ready_as_before) {
        in_a_row_ = as_ready_as_before ? in_a_row_ + 1 : 0;
        if (in_a_row_ < kFree) return Advice::go_on;
        return in_a_row_ < kFree + kPaused ? Advice::pause : Advice::give_up;
    }
    // Before the next call, after the advice to pause: doubles from 1 ms to half a second.
    std::chrono::milliseconds pause() const {
        return std::chrono::milliseconds(1U << (in_a_row_ - kFree));
    }

  private:
    unsigned in_a_row_ = 0;
};

}  // namespace evenkeel::plugin
