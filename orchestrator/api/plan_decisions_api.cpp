#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/api/plan_views.hpp"
#include "orchestrator/api/planned_changes.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plan_hosts.hpp"

// What becomes of plans: POST /v1/plans/{p}:approve, :reject, :apply
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using state::Plan;
using state::PlanState;
using Responder = std::shared_ptr<http::Responder>;

// The hash to which the request is bound; empty for none.
ApiResult<std::string> read_hash(const Request& request) {
    static const json::Value kSchema = json::Object{{"properties", json::Object{{"hash", true}}}};
    Findings findings;
    if (request.body.empty()) return std::string();
    if (findings.only(request.json, "", kSchema) && request.json.find("hash") &&
        !request.json["hash"].is_string()) {
        findings.invalid("/hash", "must be the hash of the plan");
    }
    if (!findings.empty()) return refuse(findings.problem());
    return request.json.string_or("hash");
}

http::Problem stale(std::string detail, json::Object plan) {
    http::Problem problem{Code::stale_plan, std::move(detail)};
    problem.more.set("plan", std::move(plan));
    return problem;
}

// The plan, if it may still be decided on and is the one that was seen.
ApiResult<Plan> require_pending(const state::View& view, const state::SteadyClock& clock,
                                const std::string& id, const std::string& hash,
                                std::string_view what) {
    Plan plan = EK_API_TRY(require_plan(view, id));
    const bool is_over = clock.now_ms() >= plan.expires_at_ms;
    if (state::is_pending(plan.state) && is_over) plan.state = PlanState::expired;
    if (!state::is_pending(plan.state)) return refuse(wrong_state(plan, what));
    if (!hash.empty() && hash != plan.hash) {
        return refuse(stale("the plan has another hash", EK_API_TRY(show_plan(view, plan))));
    }
    return plan;
}

http::Reply reply_of(int status, const Plan& plan, json::Object shown) {
    return http::Reply::json(status, json::Value(std::move(shown)))
        .with("ETag", http::etag_of(plan.revision));
}

using Decide = std::function<ApiResult<bool>(Plan&, const http::Principal& by)>;

// One that only changes the plan itself.
void decide(Context& context, const Request& request, const Responder& responder,
            std::string_view what, const Decide& how) {
    const auto hash = read_hash(request);
    if (!hash) return responder->send(hash.error());
    auto reply = std::make_shared<http::Reply>();
    auto refused = std::make_shared<std::optional<http::Problem>>();
    context.submit(
        audit_context_of(request),
        [id = request.at("p"), hash = *hash, what, how, by = request.principal, once = request.once,
         reply, refused, &protector = context.protector](state::Edit& edit) -> Result<void> {
            refused->reset();  // of a run before
            auto plan = require_pending(edit, edit.clock(), id, hash, what);
            const auto decided = plan ? how(*plan, by) : refuse(plan.error());
            if (!decided) {
                *refused = decided.error();
                return fail(Errc::conflict, "refused");
            }
            EK_CHECK(edit.plans().put(*plan));
            edit.note("plan", json::Object{{"hash", plan->hash}});
            *reply = reply_of(200, *plan, EK_TRY(show_plan(edit, *plan)));
            return keep_reply(edit, protector, once, *reply);
        },
        [responder, reply, refused](const Result<void>& done) {
            if (*refused) return responder->send(**refused);
            if (!done) return responder->send(change_problem(done.error()));
            responder->send(std::move(*reply));
        });
}

ApiResult<bool> approve(Plan& plan, const http::Principal& by) {
    if (plan.state != PlanState::open) return refuse(wrong_state(plan, "approved"));
    if (by.name == plan.author) {
        return refuse(Code::approval_required,
                      "a plan is approved by a token of another name than its author's");
    }
    plan.state = PlanState::approved;
    plan.approved_by = by.name;
    return true;
}

ApiResult<bool> reject(Plan& plan, const http::Principal&) {
    plan.state = PlanState::rejected;
    return true;
}

// What is found of a plan that is to be applied. [lane]
struct PlanToApply {
    Plan plan;
    ModelEdit edit;
    std::optional<http::Problem> refused;     // the plan stays as it is
    std::optional<http::Problem> impossible;  // its changes are not possible any more
};

// One request to apply a plan, until it is answered. Read again whenever what it was made of has
// changed meanwhile.
class Applying : public std::enable_shared_from_this<Applying> {
  public:
    Applying(Context& context, Request request, Responder responder)
        : context_(context), request_(std::move(request)), responder_(std::move(responder)) {}

    void try_it() {
        ++tries_;
        const auto hash = read_hash(request_);
        if (!hash) return responder_->send(hash.error());
        const auto allowed = allows_errors(request_);
        if (!allowed) return responder_->send(allowed.error());
        auto found = std::make_shared<PlanToApply>();
        auto reply = std::make_shared<http::Reply>();
        context_.planner.edit(
            {.read =
                 [self = shared_from_this(), found, hash = *hash](const state::View& now,
                                                                  plans::EditRequest& asked) {
                     return self->read(now, hash, *found, asked);
                 },
             .guard = [found](const state::View& now) -> Result<void> {
                 EK_CHECK(check_unchanged(now, found->edit.seen));
                 const auto kept = EK_TRY(now.plans().find(found->plan.id));
                 if (kept && kept->revision == found->plan.revision) return {};
                 return fail(Errc::stale, "others change the plan all the time");
             },
             .allows_errors = *allowed,
             .audit_context = audit_context_of(request_),
             .finish = [found, reply, once = request_.once, &protector = context_.protector](
                           state::Edit& now, const plans::EditAnswer& answer) -> Result<void> {
                 Plan applied = found->plan;
                 applied.state = PlanState::applied;
                 applied.applied_revision = answer.revision;
                 EK_CHECK(now.plans().put(applied));
                 EK_CHECK(state::PlanHostEdits(now).begin(applied.id, answer.trial->planned,
                                                          answer.commands));
                 now.note("plan", json::Object{{"hash", applied.hash}});
                 *reply = reply_of(202, applied, EK_TRY(show_plan(now, applied)));
                 return keep_reply(now, protector, once, *reply);
             }},
            [self = shared_from_this(), found, reply](const Result<plans::EditAnswer>& answer) {
                self->answer(*found, answer, *reply);
            });
    }

  private:
    // [lane]
    Result<void> read(const state::View& now, const std::string& hash, PlanToApply& found,
                      plans::EditRequest& asked) const {
        auto plan = require_pending(now, context_.state.clock(), request_.at("p"), hash, "applied");
        if (!plan) {
            found.refused = std::move(plan.error());
            return fail(Errc::conflict, "refused");
        }
        found.plan = *std::move(plan);
        const auto sealed = EK_TRY(now.plans().sealed_changes(found.plan.id));
        if (!sealed) return fail(Errc::corrupt, "the changes of " + found.plan.id + " are gone");
        auto edit = read_kept_changes(
            context_, now, request_,
            EK_TRY(plans::open_changes(context_.protector, found.plan.id, *sealed)));
        if (!edit) {
            (is_failure(edit.error()) ? found.refused : found.impossible) = edit.error();
            return fail(Errc::conflict, "refused");
        }
        const bool is_approved = found.plan.state == PlanState::approved;
        if (found.plan.requires_approval && !is_approved) {
            found.refused = unapproved();
            return fail(Errc::conflict, "refused");
        }
        found.edit = *std::move(edit);
        put_changes(found.edit, asked);
        asked.planned = {.hash = found.plan.hash, .is_approved = is_approved};
        return {};
    }

    void answer(const PlanToApply& found, const Result<plans::EditAnswer>& answer,
                const http::Reply& reply) {
        if (found.refused) return responder_->send(*found.refused);
        if (found.impossible) return make_stale(found.plan, *found.impossible, nullptr);
        if (!answer) {
            if (answer.error().code == Errc::stale && tries_ < kTriesMost) return try_it();
            return responder_->send(change_problem(answer.error()));
        }
        if (!answer->wrong.empty()) {
            return make_stale(found.plan, problem_of_changes(answer->wrong, found.edit), nullptr);
        }
        switch (answer->refusal) {
            case plans::Refusal::none:
                return follow(found.plan.id, reply);
            case plans::Refusal::stale_plan:
                return make_stale(found.plan, {}, answer->trial);
            case plans::Refusal::approval_required:
            case plans::Refusal::plan_required:
                return responder_->send(unapproved());
            case plans::Refusal::does_not_compile:
                return responder_->send(not_compiling(*answer->trial));
        }
    }

    // 202, or 200 when the connected hosts are done within `Prefer: wait`.
    void follow(const std::string& plan, const http::Reply& reply) {
        const auto show = [self = shared_from_this(), plan, reply] { self->show(plan, reply); };
        const auto wait = http::preferred_wait(request_);
        if (!wait) return show();
        context_.progress.wait(plan, *wait, show);
    }

    void show(const std::string& id, const http::Reply& reply) const {
        const auto view = context_.state.read();
        const auto plan = view ? require_plan(*view, id) : refuse(as_problem(view.error()));
        if (!plan) return responder_->send(reply);
        const bool waits = http::preferred_wait(request_).has_value();
        send_plan(
            context_, *plan, responder_,
            [plan = *plan, waits](json::Value shown, std::uint64_t waiting) {
                return reply_of(waits && waiting == 0 ? 200 : 202, plan,
                                std::move(shown.as_object()));
            },
            reply);  // it is applied, whether it can be shown or not
    }

    static http::Problem unapproved() {
        return {Code::approval_required,
                "the plan is to be approved by a token of another name than its author's"};
    }

    // It does something else by now, `fresh`, or its changes are not possible any more, `why`.
    void make_stale(const Plan& plan, http::Problem why,
                    std::shared_ptr<const plans::Trial> fresh) {
        auto problem = std::make_shared<http::Problem>();
        context_.submit(
            audit_context_of(request_),
            [plan, why = std::move(why), fresh, problem](state::Edit& edit) -> Result<void> {
                const auto now = EK_TRY(edit.plans().find(plan.id));
                if (!now || now->revision != plan.revision) {
                    return fail(Errc::stale, "the plan was changed meanwhile");
                }
                Plan stale_plan = plan;
                stale_plan.state = PlanState::stale;
                EK_CHECK(edit.plans().put(stale_plan));
                json::Object shown = EK_TRY(show_plan(edit, stale_plan));
                if (fresh) {
                    const json::Value now_shown = fresh->shown();
                    for (const auto& [name, value] : now_shown.as_object()) {
                        shown.set(name, value);
                    }
                }
                *problem = stale(
                    fresh ? "the plan does something else by now; plan again"
                          : "the changes of the plan are not possible any more: " + why.detail,
                    std::move(shown));
                problem->errors = why.errors;
                return {};
            },
            [self = shared_from_this(), problem](const Result<void>& done) {
                if (done) return self->responder_->send(*problem);
                if (done.error().code == Errc::stale && self->tries_ < kTriesMost) {
                    return self->try_it();
                }
                self->responder_->send(change_problem(done.error()));
            });
    }

    Context& context_;
    Request request_;
    Responder responder_;
    int tries_ = 0;
};

http::Route decision(std::string verb, std::string permission, std::string summary) {
    http::Route route;
    route.method = "POST";
    route.path = "/v1/plans/{p}";
    route.verb = std::move(verb);
    route.permission = std::move(permission);
    route.tag = "plans";
    route.summary = std::move(summary);
    route.body = http::Body{.schema = "PlanDecision", .required = false};
    route.answers = {{200, "The plan as it is now.", "PlanDetails", {"ETag"}}};
    return route;
}

}  // namespace

void add_plan_decisions(std::vector<http::Route>& routes, Context& context) {
    http::Route one =
        decision("approve", "plan.approve", "Approve what a plan does, of another author");
    one.handler = [&](const Request& request, const Responder& responder) {
        decide(context, request, responder, "approved", approve);
    };
    routes.push_back(std::move(one));
    one = decision("reject", "plan.write", "Reject a plan: it is not applied any more");
    one.handler = [&](const Request& request, const Responder& responder) {
        decide(context, request, responder, "rejected", reject);
    };
    routes.push_back(std::move(one));
    one = decision("apply", "plan.apply",
                   "Do what a plan says, if that is still what it does to hosts");
    one.query = {errors_parameter()};
    one.headers = {"Prefer"};
    one.answers = {
        {202, "It is applied; hosts follow.", "PlanDetails", {"ETag"}},
        {200, "All connected hosts were done within Prefer: wait.", "PlanDetails", {"ETag"}}};
    one.handler = [&](const Request& request, const Responder& responder) {
        std::make_shared<Applying>(context, request, responder)->try_it();
    };
    routes.push_back(std::move(one));
}

}  // namespace evenkeel::api
