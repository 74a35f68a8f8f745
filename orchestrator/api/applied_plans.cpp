#include "orchestrator/api/applied_plans.hpp"

#include <utility>

#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/api/planned_changes.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/plans.hpp"

namespace evenkeel::api {

EditAsPlan as_plan(const secrets::Protector& protector, const http::Request& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    json::Object change{{"method", request.method}, {"path", path}};
    if (!request.json.is_null()) change.append("body", request.json);
    return {request.principal.name,
            shown_changes(protector, json::Array{json::Value(std::move(change))})};
}

Result<std::string> keep_applied(state::Edit& edit, const EditAsPlan& made,
                                 const plans::EditAnswer& answer) {
    const plans::Trial& trial = *answer.trial;
    if (trial.planned.empty()) return std::string();
    state::Plan plan = plans::plan_of(trial, made.author, edit.clock());
    plan.state = state::PlanState::applied;
    plan.ended_at = plan.created_at;
    plan.expires_at.clear();
    plan.expires_at_ms = 0;
    plan.requires_approval = false;
    plan.applied_revision = answer.revision;
    state::PlanContent content = plans::content_of(trial);
    content.changes = made.changes;
    EK_CHECK(edit.plans().add(plan, content, ""));
    EK_CHECK(state::PlanHostEdits(edit).begin(plan.id, trial.planned, answer.commands));
    edit.note("plan", json::Object{{"id", plan.id}, {"hash", plan.hash}});
    return plan.id;
}

void send_when_done(const Context& context, const http::Request& request,
                    const std::shared_ptr<http::Responder>& responder, http::Reply reply) {
    const std::string* plan = reply.header("Plan");
    const auto wait = http::preferred_wait(request);
    if (!plan || !wait) return responder->send(std::move(reply));
    context.progress.wait(*plan, *wait, [responder, reply] { responder->send(reply); });
}

}  // namespace evenkeel::api
