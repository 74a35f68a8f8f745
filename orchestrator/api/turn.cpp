#include "orchestrator/api/turn.hpp"

#include <optional>
#include <utility>

#include "core/base/time.hpp"

namespace evenkeel::api {

bool is_over(std::uint64_t deadline_ns) {
    return now_monotonic_ns() >= deadline_ns;
}

ApiResult<bool> walk_until(std::uint64_t deadline_ns, const state::View& view,
                           const state::List& list, std::string& position,
                           const VisitEntry& visit) {
    std::optional<http::Problem> problem;
    bool is_walked = true;
    const auto visit_entry = [&](const state::Entry& entry) {
        const auto wants_more = visit(entry);
        if (!wants_more) problem = wants_more.error();
        if (!wants_more || !*wants_more) return false;
        position = entry.position();
        is_walked = !is_over(deadline_ns);
        return is_walked;
    };
    // A copy: the walk begins behind it while it moves on.
    EK_API_TRY(list.walk(view, visit_entry, std::string(position)).map([] { return true; }));
    if (problem) return refuse(*std::move(problem));
    return is_walked;
}

}  // namespace evenkeel::api
