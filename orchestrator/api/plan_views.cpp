#include "orchestrator/api/plan_views.hpp"

#include <utility>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/plans/groups.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::api {

json::Object show_plan(const state::Plan& plan, const state::PlanContent& content) {
    json::Value head = state::show(plan);
    json::Object shown = std::move(head.as_object());
    shown.append("changes", content.changes);
    shown.append("groups", content.groups);
    shown.append("more_groups", content.more_groups);
    shown.append("errors", content.errors);
    shown.append("more_errors", content.more_errors);
    shown.append("unasked", content.unasked);
    return shown;
}

Result<json::Object> show_plan(const state::View& view, const state::Plan& plan) {
    return show_plan(plan, EK_TRY(view.plans().content(plan.id, plans::kGroupsMost)));
}

Result<json::Value> with_progress(const Context& context, const state::View& view,
                                  const state::Plan& plan, json::Object shown) {
    if (plan.state == state::PlanState::applied) {
        shown.append("progress", EK_TRY(context.progress.show(view, plan.id)));
    }
    return json::Value(std::move(shown));
}

http::Problem wrong_state(const state::Plan& plan, std::string_view what) {
    const std::string state(to_string(plan.state));
    http::Problem problem{http::Code::invalid_state,
                          "the plan is " + state + " and cannot be " + std::string(what)};
    problem.more.set("current", state);
    return problem;
}

ApiResult<state::Plan> require_plan(const state::View& view, const std::string& id) {
    auto plan = EK_API_TRY(view.plans().find(id));
    if (!plan) return refuse(http::Code::not_found, "there is no plan of this id");
    return *std::move(plan);
}

}  // namespace evenkeel::api
