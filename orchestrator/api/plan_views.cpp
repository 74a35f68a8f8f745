#include "orchestrator/api/plan_views.hpp"

#include <utility>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/reader.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::api {

json::Object show_plan(const state::Plan& plan, const state::PlanContent& content,
                       const state::HostAnswers& answers) {
    json::Value head = state::show(plan);
    json::Object shown = std::move(head.as_object());
    shown.append("changes", content.changes);
    shown.append("groups", content.groups);
    shown.append("more_groups", content.more_groups);
    shown.append("errors", content.errors);
    shown.append("more_errors", content.more_errors);
    shown.append("unasked", content.unasked);
    shown.append("more_unasked", answers.more_unasked);
    if (answers.live.is_object()) shown.append("live", answers.live);
    return shown;
}

Result<json::Object> show_plan(const state::View& view, const state::Plan& plan) {
    const auto content = EK_TRY(view.plans().content(plan.id, plans::kGroupsMost));
    return show_plan(plan, content, EK_TRY(state::PlanAnswers(view).of(plan.id)));
}

Result<json::Value> show_in_list(const state::View& view, const state::Plan& plan) {
    json::Value shown = state::show(plan);
    if (plan.state != state::PlanState::applied) return shown;
    const state::PlanTally tally = EK_TRY(state::PlanHosts(view).tally(plan.id));
    shown.as_object().append("progress", json::Object{{"hosts", tally.hosts},
                                                      {"waiting", tally.waiting},
                                                      {"succeeded", tally.succeeded},
                                                      {"failed", tally.failed}});
    return shown;
}

namespace {

// On the thread of plans::Reader.
void send_read(const Context& context, const state::Plan& plan, json::Value progress,
               const std::shared_ptr<http::Responder>& responder, PlanReply reply) {
    const auto answer = [plan, progress = std::move(progress), reply = std::move(reply)](
                            const Result<plans::Moment>& moment) -> ReplyResult {
        const plans::Moment now = EK_API_TRY(moment);
        EK_API_TRY(require_plan(now.view, plan.id));
        json::Object shown = EK_API_TRY(show_plan(now.view, plan));
        const auto waiting = static_cast<std::uint64_t>(progress.integer_or("waiting"));
        if (progress.is_object()) shown.append("progress", progress);
        return reply(json::Value(std::move(shown)), waiting);
    };
    const auto queued = context.reader.read([answer, responder](const auto& moment) {
        auto shown = answer(moment);
        if (shown) responder->send(*std::move(shown));
        else responder->send(shown.error());
    });
    if (!queued) responder->send(queued.error());
}

}  // namespace

void send_plan(const Context& context, const state::Plan& plan,
               const std::shared_ptr<http::Responder>& responder, PlanReply reply) {
    if (plan.state != state::PlanState::applied)
        return send_read(context, plan, {}, responder, std::move(reply));
    const auto queued = context.reader.read([&context, post = context.loop.poster(), plan,
                                             responder, reply](const Result<plans::Moment>& now) {
        auto read = now ? PlanProgress::read(now->view, plan.id) : fail(now.error());
        if (!read) return responder->send(read.error());
        // Only the loop knows who is connected.
        const auto reached = std::make_shared<const PlanProgress::Reached>(*std::move(read));
        post([&context, plan, reached, responder, reply] {
            send_read(context, plan, context.progress.show(*reached), responder, reply);
        });
    });
    if (!queued) responder->send(queued.error());
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
