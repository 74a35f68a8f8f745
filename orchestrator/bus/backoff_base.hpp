#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace evenkeel::bus {

// The time over which so many agents spread their first attempts after the orchestrator has ended:
// at most 1,000 come in a second, or all within a minute. Two cores take in about 850 a second, and
// the others wait meanwhile in the kernel's queue. A longer time would not be quicker for anybody:
// those that come while the orchestrator is still down spread over twice the time.
constexpr std::chrono::milliseconds backoff_base(std::size_t agents) {
    using std::chrono::milliseconds;
    const auto most = static_cast<std::size_t>(milliseconds(std::chrono::minutes(1)).count());
    return milliseconds(std::clamp<std::size_t>(agents, 1'000, most));
}

}  // namespace evenkeel::bus
