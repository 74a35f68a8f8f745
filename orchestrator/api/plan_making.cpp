#include "orchestrator/api/plan_making.hpp"

#include <optional>
#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/live_plan.hpp"
#include "orchestrator/api/plan_views.hpp"
#include "orchestrator/api/planned_changes.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/live_questions.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plan_answers.hpp"

namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

http::Reply made_reply(const state::Plan& plan, state::PlanContent content,
                       const state::HostAnswers& answers) {
    if (content.groups.size() > plans::kGroupsMost) {
        content.more_groups += content.groups.size() - plans::kGroupsMost;
        content.groups.resize(plans::kGroupsMost);
    }
    return http::Reply::json(201, json::Value(show_plan(plan, content, answers)))
        .with("Location", "/v1/plans/" + plan.id)
        .with("ETag", http::etag_of(plan.revision));
}

// One request, until it is answered. Its parts are used by one thread after the other.
class Making : public std::enable_shared_from_this<Making> {
  public:
    Making(Context& context, Request request, Responder responder,
           std::shared_ptr<std::size_t> live_plans)
        : context_(context),
          request_(std::move(request)),
          responder_(std::move(responder)),
          live_plans_(std::move(live_plans)) {}

    void begin() {
        plans::EditRequest asked;
        asked.is_dry_run = true;
        asked.allows_errors = true;
        asked.read = [self = shared_from_this()](const state::View& view,
                                                 plans::EditRequest& request) {
            return self->read(view, request);
        };
        asked.tried = [self = shared_from_this()](const plans::Trial& trial) { self->take(trial); };
        context_.planner.edit(std::move(asked), [self = shared_from_this()](const auto& answer) {
            self->judge(answer);
        });
    }

  private:
    ApiResult<ModelEdit> read_body(const state::View& view) {
        static const json::Value kSchema =
            json::Object{{"properties", json::Object{{"changes", true}, {"live", true}}}};
        Findings findings;
        const json::Value& body = request_.json;
        if (findings.only(body, "", kSchema) && !body["live"].is_null() &&
            !body["live"].is_bool()) {
            findings.invalid("/live", "must be true or false");
        }
        if (!findings.empty()) return refuse(findings.problem());
        is_live_ = body.bool_or("live");
        return read_changes(context_, view, request_, body["changes"]);
    }

    // [lane]
    Result<void> read(const state::View& view, plans::EditRequest& asked) {
        auto edit = read_body(view);
        if (!edit) {
            refused_ = std::move(edit.error());
            return fail(Errc::conflict, "refused");
        }
        edit_ = *std::move(edit);
        put_changes(edit_, asked);
        return {};
    }

    // [lane]
    void take(const plans::Trial& trial) {
        const json::Value& changes = request_.json["changes"];
        plan_ = plans::plan_of(trial, request_.principal.name, context_.state.clock());
        content_ = plans::content_of(trial);
        content_.changes = shown_changes(context_.protector, changes);
        sealed_ = plans::seal_changes(context_.protector, plan_.id, changes);
        if (is_live_) order_ = plans::asking_order(trial);
    }

    void judge(const Result<plans::EditAnswer>& answer) {
        if (refused_) return responder_->send(*refused_);
        if (!answer) return responder_->send(change_problem(answer.error()));
        if (!answer->wrong.empty()) {
            return responder_->send(problem_of_changes(answer->wrong, edit_));
        }
        if (is_live_) ask(answer->trial);
        else keep();
    }

    void ask(std::shared_ptr<const plans::Trial> trial) {
        if (*live_plans_ >= kLivePlansMost) {
            return responder_->send(Error{Errc::busy, "other plans ask hosts already"});
        }
        ++*live_plans_;
        LivePlan plan{plan_.id, std::move(trial), std::move(order_), std::move(edit_),
                      std::move(content_)};
        ask_hosts(context_, std::move(plan),
                  http::preferred_wait(request_).value_or(kLivePlanTimeout),
                  [self = shared_from_this()](Result<LiveAnswers> asked) {
                      --*self->live_plans_;
                      if (!asked) return self->responder_->send(change_problem(asked.error()));
                      self->content_ = std::move(asked->content);
                      self->answers_ = std::move(asked->rest);
                      self->keep();
                  });
    }

    // Keeps what was tried out, then answers.
    void keep() {
        auto reply = std::make_shared<http::Reply>();
        context_.submit(
            audit_context_of(request_),
            [self = shared_from_this(), reply](state::Edit& edit) -> Result<void> {
                state::Plan kept = self->plan_;  // it may run more than once
                EK_CHECK(edit.plans().add(kept, self->content_, self->sealed_));
                EK_CHECK(state::PlanAnswerEdits(edit).put(kept.id, self->answers_));
                edit.note("plan", kept.id);
                *reply = made_reply(kept, self->content_, self->answers_);
                return keep_reply(edit, self->context_.protector, self->request_.once, *reply);
            },
            [self = shared_from_this(), reply](const Result<void>& done) {
                if (!done) return self->responder_->send(change_problem(done.error()));
                self->responder_->send(std::move(*reply));
            });
    }

    Context& context_;
    Request request_;
    Responder responder_;
    std::optional<http::Problem> refused_;
    ModelEdit edit_;
    state::Plan plan_;
    state::PlanContent content_;
    std::string sealed_;
    bool is_live_ = false;
    std::vector<plans::PlannedHost> order_;
    state::HostAnswers answers_;
    std::shared_ptr<std::size_t> live_plans_;
};

}  // namespace

void make_plan(Context& context, Request request, const Responder& responder,
               const std::shared_ptr<std::size_t>& live_plans) {
    std::make_shared<Making>(context, std::move(request), responder, live_plans)->begin();
}

}  // namespace evenkeel::api
