#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/model_lists.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/plan_making.hpp"
#include "orchestrator/api/plan_views.hpp"
#include "orchestrator/api/planned_changes.hpp"
#include "orchestrator/api/reading_compiled.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/host_trial.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/live_answers.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/read_edits.hpp"
#include "orchestrator/plans/reader.hpp"
#include "orchestrator/state/plan_hosts.hpp"

// /v1/plans: they are shown; plan_making.cpp makes them, plan_decisions_api.cpp ends them.
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

void get_plan(const Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto plan = require_plan(*view, request.at("p"));
    if (!plan) return responder->send(plan.error());
    const auto tally = state::PlanHosts(*view).tally(plan->id);
    if (!tally) return responder->send(tally.error());
    const std::string etag = http::etag_of(plan->revision);
    // How far hosts are is another each time, and no part of the revision.
    auto fresh = tally->waiting > 0 ? std::nullopt : http::not_modified(request, etag);
    if (fresh) return responder->send(*std::move(fresh));
    send_plan(context, *plan, responder, [etag](const json::Value& shown, std::uint64_t) {
        return http::Reply::json(200, shown).with("ETag", etag);
    });
}

Listing list_plans(const state::View& view) {
    return Listing{
        .list = view.plans().list().reversed(),
        .make_for = [](const state::View& now) -> PageSource::Make {
            return [&now](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                const state::Plan plan = EK_API_TRY(state::Plans::read(entry));
                return EK_API_TRY(show_in_list(now, plan));
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

// Who may only read could see the text of any file, which no state shows, in what a host has said.
Result<bool> put_answer(const Context& context, const std::string& plan, const std::string& sealed,
                        const Request& request, json::Value& shown) {
    const auto role = find_name<Role>(request.principal.role);
    const bool has_text = role && may(*role, "resource.write");
    EK_CHECK(plans::show_answer(context.protector, plan, sealed, has_text, shown));
    return true;
}

// What it would do by now.
ReplyResult get_host(const Context& context, const plans::Moment& now, const Request& request) {
    const state::Plan plan = EK_API_TRY(require_plan(now.view, request.at("p")));
    const auto sealed = EK_API_TRY(now.view.plans().sealed_changes(plan.id));
    if (!sealed) return refuse(wrong_state(plan, "tried out on a host"));
    const auto changes = EK_API_TRY(plans::open_changes(context.protector, plan.id, *sealed));
    const ModelEdit edit = EK_API_TRY(read_kept_changes(context, now.view, request, changes));
    const state::Host host = EK_API_TRY(require_active_host(now.view, request));
    const plans::ReadEdits read = EK_API_TRY(
        plans::read_edits(request_of(edit), now.index.model(), now.view, context.protector));
    if (!read.wrong.empty()) return refuse(problem_of_changes(read.wrong, edit));
    json::Value shown = EK_API_TRY(plans::try_on_host(now.view, context.protector, context.schemas,
                                                      read.edits, host, now.stops));
    const auto answer = EK_API_TRY(state::PlanAnswers(now.view).sealed(plan.id, host.id));
    if (answer) EK_API_TRY(put_answer(context, plan.id, *answer, request, shown));
    return http::Reply::json(200, shown);
}

http::Route described(http::Route route, std::string summary) {
    route.permission = route.method == "GET" ? "plan.read" : "plan.write";
    route.tag = "plans";
    route.summary = std::move(summary);
    return route;
}

}  // namespace

void add_plans(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(described(
        list_route(
            context, "/v1/plans", plan_fields(),
            [](const auto& view, const auto&) -> ApiResult<Listing> { return list_plans(view); },
            "Plan", "Identity"),
        "List plans, the newest first, without what they do"));
    http::Route post;
    post.method = "POST";
    post.path = "/v1/plans";
    post.body = http::Body{.schema = "PlanPost", .bytes_max = kPlanBytesMax};
    post.answers = {
        {201, "What the changes would do to hosts.", "PlanDetails", {"Location", "ETag"}}};
    post.headers = {"Prefer"};
    post.handler = [&, live_plans = std::make_shared<std::size_t>(0)](Request request,
                                                                      const Responder& responder) {
        make_plan(context, std::move(request), responder, live_plans);
    };
    routes.push_back(described(std::move(post), "Try changes out and keep them, to apply later"));
    auto get = reading_route("/v1/plans/{p}", "PlanDetails");
    get.handler = [&](const Request& request, const Responder& responder) {
        get_plan(context, request, responder);
    };
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
    host.handler = reading_compiled(context, [&](const auto& now, const auto& request) {
        return get_host(context, now, request);
    });
    routes.push_back(described(std::move(host), "What a pending plan would do to one host by now"));
}

}  // namespace evenkeel::api
