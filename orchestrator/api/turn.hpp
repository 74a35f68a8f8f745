#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/state/list.hpp"

// Work that may be long is done in pieces, so that the loop serves others in between. [loop]
namespace evenkeel::api {

// How long one piece may hold the loop.
inline constexpr std::uint64_t kTurnNs = 5'000'000;

// Whether this time of the monotonic clock has come.
bool is_over(std::uint64_t deadline_ns);

// Visits the entries behind `position` until the deadline, at least one, and moves it on. Whether
// the list is walked to its end, or `visit` wanted no more of it, with false; its problem ends the
// walk too.
using VisitEntry = std::function<ApiResult<bool>(const state::Entry&)>;
ApiResult<bool> walk_until(std::uint64_t deadline_ns, const state::View& view,
                           const state::List& list, std::string& position, const VisitEntry& visit);

}  // namespace evenkeel::api
