#include "orchestrator/plans/held_plan.hpp"

#include <limits>

#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plans.hpp"

namespace evenkeel::plans {
namespace {

constexpr const char* kAuthor = "system";

}  // namespace

Result<void> keep_held_plan(state::Edit& edit, const secrets::Protector& protector,
                            const Trial& trial) {
    const bool differs = trial.summary.hosts > 0 || trial.summary.errors > 0;
    bool is_there = false;
    for (const std::string& id : EK_TRY(edit.plans().overdue(
             std::numeric_limits<std::int64_t>::max(), state::kPendingPlansMost))) {
        auto plan = EK_TRY(edit.plans().find(id));
        if (!plan || plan->author != kAuthor) continue;
        is_there = differs && plan->hash == trial.hash;
        if (is_there) continue;
        plan->state = state::PlanState::stale;
        EK_CHECK(edit.plans().put(*plan));
    }
    if (is_there || !differs) return {};
    state::Plan plan = plan_of(trial, kAuthor, edit.clock());
    return edit.plans().add(plan, content_of(trial),
                            seal_changes(protector, plan.id, json::Array{}));
}

}  // namespace evenkeel::plans
