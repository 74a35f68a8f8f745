#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/model_lists.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/plan_views.hpp"
#include "orchestrator/api/planned_changes.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/plans: they are made and shown; plan_decisions_api.cpp ends them.
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using Responder = std::shared_ptr<http::Responder>;

constexpr std::size_t kPlanBytesMax = 8 << 20;

const Fields& plan_fields() {
    static const Fields kFields = {{.name = "id"},
                                   {.name = "state", .values = name_list<state::PlanState>()},
                                   {.name = "author"},
                                   {.name = "created_at"},
                                   {.name = "expires_at"},
                                   {.name = "ended_at"},
                                   {.name = "requires_approval", .values = {"true", "false"}},
                                   {.name = "approved_by"},
                                   {.name = "hash"},
                                   {.name = "revision"}};
    return kFields;
}

const Fields& group_fields() {
    static const Fields kFields = {{.name = "count"}};
    return kFields;
}

std::string path_of(const state::Plan& plan) {
    return "/v1/plans/" + plan.id;
}

http::Reply made_reply(const state::Plan& plan, state::PlanContent content) {
    if (content.groups.size() > plans::kGroupsMost) {
        content.more_groups += content.groups.size() - plans::kGroupsMost;
        content.groups.resize(plans::kGroupsMost);
    }
    return http::Reply::json(201, json::Value(show_plan(plan, content)))
        .with("Location", path_of(plan))
        .with("ETag", http::etag_of(plan.revision));
}

// Keeps what was tried out, then answers.
void keep_plan(Context& context, const Request& request, const Responder& responder,
               const plans::Trial& trial) {
    auto reply = std::make_shared<http::Reply>();
    state::PlanContent content = plans::content_of(trial);
    content.changes = shown_changes(context.protector, request.json["changes"]);
    context.submit(
        audit_context_of(request),
        [plan = plans::plan_of(trial, request.principal.name, context.state.clock()),
         content = std::move(content), changes = request.json["changes"], once = request.once,
         reply, &protector = context.protector](state::Edit& edit) -> Result<void> {
            state::Plan kept = plan;  // it may run more than once
            EK_CHECK(
                edit.plans().add(kept, content, plans::seal_changes(protector, kept.id, changes)));
            edit.note("plan", kept.id);
            *reply = made_reply(kept, content);
            return keep_reply(edit, protector, once, *reply);
        },
        [responder, reply](const Result<void>& done) {
            if (!done) return responder->send(change_problem(done.error()));
            responder->send(std::move(*reply));
        });
}

ApiResult<ModelEdit> read_plan(const Context& context, const state::View& view,
                               const Request& request) {
    static const json::Value kSchema =
        json::Object{{"properties", json::Object{{"changes", true}, {"live", true}}}};
    Findings findings;
    if (findings.only(request.json, "", kSchema) && !request.json["live"].is_null() &&
        !(request.json["live"] == json::Value(false))) {
        findings.invalid("/live", "hosts cannot be asked yet: leave it out");
    }
    if (!findings.empty()) return refuse(findings.problem());
    return read_changes(context, view, request, request.json["changes"]);
}

void make_plan(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    auto made = read_plan(context, *view, request);
    if (!made) return responder->send(made.error());
    auto edit = std::make_shared<const ModelEdit>(*std::move(made));
    plans::EditRequest asked = request_of(*edit);
    asked.is_dry_run = true;
    asked.allows_errors = true;
    context.planner.edit(std::move(asked), [&context, request, responder,
                                            edit](const Result<plans::EditAnswer>& answer) {
        if (!answer) return responder->send(change_problem(answer.error()));
        if (!answer->wrong.empty()) {
            return responder->send(problem_of_changes(answer->wrong, *edit));
        }
        keep_plan(context, request, responder, *answer->trial);
    });
}

ReplyResult get_plan(const state::View& view, const Request& request) {
    const state::Plan plan = EK_API_TRY(require_plan(view, request.at("p")));
    const std::string etag = http::etag_of(plan.revision);
    if (auto fresh = http::not_modified(request, etag)) return *std::move(fresh);
    return http::Reply::json(200, json::Value(EK_API_TRY(show_plan(view, plan))))
        .with("ETag", etag);
}

ApiResult<Listing> list_plans(const state::View& view, const Request&) {
    return Listing{
        .list = view.plans().list().reversed(),
        .make_for = [](const state::View&) -> PageSource::Make {
            return [](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                return state::show(EK_API_TRY(state::Plans::read(entry)));
            };
        },
        .identity =
            [](const state::Entry& entry) {
                return json::Object{{"id", state::Plans::id_of(entry)}};
            },
        .touch =
            [](const state::StoredEvent& event, const json::Value& data, Touched& touched) {
                if (!event.is(state::EventType::plan_changed)) return;
                const std::string id = data.string_or("id");
                touched.positions.emplace(id, json::Object{{"id", id}});
            }};
}

ApiResult<PageSource> list_groups(const state::View& view, const Request& request) {
    const state::Plan plan = EK_API_TRY(require_plan(view, request.at("p")));
    return PageSource{
        .list = view.plans().groups(plan.id, plans::kGroupsMost),
        .make_for = [](const state::View&) -> PageSource::Make {
            return [](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                return EK_API_TRY(state::Plans::read_group(entry));
            };
        }};
}

// What it would do by now.
void get_host(Context& context, const Request& request, const Responder& responder) {
    const auto read = [&]() -> ApiResult<ModelEdit> {
        const auto view = EK_API_TRY(context.state.read());
        const state::Plan plan = EK_API_TRY(require_plan(view, request.at("p")));
        const auto sealed = EK_API_TRY(view.plans().sealed_changes(plan.id));
        if (!sealed) return refuse(wrong_state(plan, "tried out on a host"));
        const auto changes = EK_API_TRY(plans::open_changes(context.protector, plan.id, *sealed));
        return read_kept_changes(context, view, request, changes);
    };
    auto made = read();
    if (!made) return responder->send(made.error());
    auto edit = std::make_shared<const ModelEdit>(*std::move(made));
    context.planner.try_on_host(
        request_of(*edit), request.at("h"),
        [responder, edit](const Result<plans::Planner::HostAnswer>& answer) {
            if (!answer) return responder->send(change_problem(answer.error()));
            if (!answer->wrong.empty()) {
                return responder->send(problem_of_changes(answer->wrong, *edit));
            }
            responder->send(http::Reply::json(200, answer->shown));
        });
}

http::Route described(http::Route route, std::string summary) {
    route.permission = route.method == "GET" ? "plan.read" : "plan.write";
    route.tag = "plans";
    route.summary = std::move(summary);
    return route;
}

}  // namespace

void add_plans(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        described(list_route(context, "/v1/plans", plan_fields(), list_plans, "Plan", "Identity"),
                  "List plans, the newest first, without what they do"));
    http::Route post;
    post.method = "POST";
    post.path = "/v1/plans";
    post.body = http::Body{.schema = "PlanPost", .bytes_max = kPlanBytesMax};
    post.answers = {
        {201, "What the changes would do to hosts.", "PlanDetails", {"Location", "ETag"}}};
    post.handler = [&](const Request& request, const Responder& responder) {
        make_plan(context, request, responder);
    };
    routes.push_back(described(std::move(post), "Try changes out and keep them, to apply later"));
    auto get = reading_route("/v1/plans/{p}", "PlanDetails");
    get.handler = reading(context.state, get_plan);
    routes.push_back(described(std::move(get), "Get one plan; secrets are redacted"));
    http::Route groups;
    groups.method = "GET";
    groups.path = "/v1/plans/{p}/groups";
    groups.query = page_parameters(group_fields());
    groups.answers = {{200, "A page of groups.", "PlanGroupList", {"Link", "X-Revision"}}};
    groups.handler = pages_of(context, group_fields(), list_groups);
    routes.push_back(
        described(std::move(groups), "List the groups beyond those that the plan shows itself"));
    http::Route host;
    host.method = "GET";
    host.path = "/v1/plans/{p}/hosts/{h}";
    host.answers = {{200, "Each resource with its fields.", "PlanOfHost"}};
    host.handler = [&](const Request& request, const Responder& responder) {
        get_host(context, request, responder);
    };
    routes.push_back(described(std::move(host), "What a pending plan would do to one host by now"));
}

}  // namespace evenkeel::api
