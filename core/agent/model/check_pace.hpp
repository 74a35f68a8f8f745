#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace evenkeel::agent {

// How soon a resource may be checked because of events: a few checks follow each other at once, so
// that a second change is seen as quickly as the first; of one that changes all the time there is
// one check in each pause (the generic cell rate algorithm). A value.
class CheckPace {
  public:
    static constexpr std::uint64_t kAtOnce = 4;

    // When the next check may be, CLOCK_MONOTONIC.
    std::uint64_t due_ns(std::chrono::nanoseconds pause) const {
        const std::uint64_t ahead = (kAtOnce - 1) * ns(pause);
        return spent_until_ns_ > ahead ? spent_until_ns_ - ahead : 0;
    }
    // We have changed it now: what that announces is checked once, after a pause.
    void rest(std::uint64_t now_ns, std::chrono::nanoseconds pause) {
        spent_until_ns_ = now_ns + kAtOnce * ns(pause);
    }
    // A check is made now.
    void spend(std::uint64_t now_ns, std::chrono::nanoseconds pause) {
        spent_until_ns_ = std::max(spent_until_ns_, now_ns) + ns(pause);
    }

  private:
    static std::uint64_t ns(std::chrono::nanoseconds pause) {
        return static_cast<std::uint64_t>(pause.count());
    }
    std::uint64_t spent_until_ns_ = 0;
};

}  // namespace evenkeel::agent
