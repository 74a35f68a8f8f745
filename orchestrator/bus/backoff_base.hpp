#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace evenkeel::bus {

// The time over which so many agents spread their first attempts after the orchestrator has ended,
// so that at most 250 come in a second, or all within a minute.
constexpr std::chrono::milliseconds backoff_base(std::size_t agents) {
    using std::chrono::milliseconds;
    const auto most = static_cast<std::size_t>(milliseconds(std::chrono::minutes(1)).count());
    return milliseconds(std::clamp<std::size_t>(4 * std::min(agents, most), 1'000, most));
}

}  // namespace evenkeel::bus
