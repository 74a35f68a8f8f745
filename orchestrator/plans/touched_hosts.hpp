#pragma once

#include <atomic>
#include <functional>

#include "orchestrator/plans/touched.hpp"

namespace evenkeel::state {
class View;
struct Host;
}  // namespace evenkeel::state

namespace evenkeel::plans {

// Visits the active hosts that are in the set, each once, until a visit fails; `cancelled` once
// `stops` is set. O(hosts where it looks) [any]
Result<void> each_touched(const state::View& view, const TouchedHosts& touched,
                          const std::atomic<bool>& stops,
                          const std::function<Result<void>(const state::Host&)>& visit);

}  // namespace evenkeel::plans
