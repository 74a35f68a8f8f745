#include "orchestrator/api/plan_views.hpp"

#include <optional>
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

// Two readings on the thread of plans::Reader: of the hosts that an applied plan waits for, of
// which only the loop knows whether they are connected, and of the plan itself.
class PlanSender : public std::enable_shared_from_this<PlanSender> {
  public:
    PlanSender(const Context& context, state::Plan plan, std::shared_ptr<http::Responder> responder,
               PlanReply reply, std::optional<http::Reply> otherwise)
        : context_(context),
          plan_(std::move(plan)),
          responder_(std::move(responder)),
          reply_(std::move(reply)),
          otherwise_(std::move(otherwise)) {}

    void begin() {
        if (plan_.state != state::PlanState::applied) return send({});
        read([self = shared_from_this(),
              post = context_.loop.poster()](const Result<plans::Moment>& now) {
            auto read = now ? PlanProgress::read(*now, self->plan_.id) : fail(now.error());
            if (!read) return self->refuse(as_problem(read.error()));
            const auto reached = std::make_shared<const PlanProgress::Reached>(*std::move(read));
            post([self, reached] { self->send(self->context_.progress.show(*reached)); });
        });
    }

  private:
    void send(json::Value progress) {
        read([self = shared_from_this(),
              progress = std::move(progress)](const Result<plans::Moment>& now) {
            auto shown = self->show(now, progress);
            if (shown) self->responder_->send(*std::move(shown));
            else self->refuse(shown.error());
        });
    }

    ReplyResult show(const Result<plans::Moment>& moment, const json::Value& progress) const {
        const plans::Moment now = EK_API_TRY(moment);
        EK_API_TRY(require_plan(now.view, plan_.id));
        json::Object shown = EK_API_TRY(show_plan(now.view, plan_));
        const auto waiting = static_cast<std::uint64_t>(progress.integer_or("waiting"));
        if (progress.is_object()) shown.append("progress", progress);
        return reply_(json::Value(std::move(shown)), waiting);
    }

    void read(plans::Reader::Read work) {
        const auto queued = context_.reader.read(std::move(work));
        if (!queued) refuse(as_problem(queued.error()));
    }

    void refuse(const http::Problem& why) const {
        if (otherwise_) responder_->send(*otherwise_);
        else responder_->send(why);
    }

    const Context& context_;
    const state::Plan plan_;
    const std::shared_ptr<http::Responder> responder_;
    const PlanReply reply_;
    const std::optional<http::Reply> otherwise_;
};

}  // namespace

void send_plan(const Context& context, const state::Plan& plan,
               const std::shared_ptr<http::Responder>& responder, PlanReply reply,
               std::optional<http::Reply> otherwise) {
    std::make_shared<PlanSender>(context, plan, responder, std::move(reply), std::move(otherwise))
        ->begin();
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
