#include "orchestrator/enrolment/routes.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/enrolment/request_bodies.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/enrolments
namespace evenkeel::enrolment {
namespace {

using api::ApiResult;
using api::Context;
using api::refuse;
using Responder = std::shared_ptr<http::Responder>;

const api::Fields& enrolment_fields() {
    static const api::Fields kFields = {
        {.name = "id"},
        {.name = "host", .is_host = true},
        {.name = "state", .values = name_list<state::EnrolmentState>()},
        {.name = "name"},
        {.name = "fingerprint"},
        {.name = "announced_at"},
        {.name = "facts."}};
    return kFields;
}

ApiResult<api::Listing> list_enrolments(const state::View& view, const http::Request&) {
    return api::Listing{
        .list = view.enrolments().list(),
        .make_for =
            [](const state::View&) {
                return [](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                    return state::show(EK_API_TRY(state::Enrolments::read(entry)));
                };
            },
        .identity =
            [](const state::Entry& entry) {
                return json::Object{{"id", state::Enrolments::id_of(entry)}};
            },
        .touch =
            [](const state::StoredEvent& event, const json::Value& data, api::Touched& touched) {
                if (!event.is(state::EventType::enrolment_changed)) return;
                const std::string id = data.string_or("id");
                touched.positions.emplace(state::Enrolments::position_of(id),
                                          json::Object{{"id", id}});
            }};
}

ApiResult<state::Enrolment> require_enrolment(const state::View& view,
                                              const http::Request& request) {
    auto enrolment = EK_API_TRY(view.enrolments().find(state::key_of(request.at("id"))));
    if (!enrolment) return refuse(http::Code::not_found, "there is no enrolment with this id");
    return *std::move(enrolment);
}

api::ReplyResult get_enrolment(const state::View& view, const http::Request& request) {
    return http::Reply::json(200, state::show(EK_API_TRY(require_enrolment(view, request))));
}

http::Problem token_required(const std::string& environment) {
    http::Problem problem{http::Code::plan_required,
                          "environment " + environment +
                              " is protected: let the machine enrol with a token that somebody "
                              "else has approved with POST /v1/enrolment-tokens/{id}:approve"};
    problem.more.set("environments", json::Array{environment});
    return problem;
}

// Commits what `decide` makes of the enrolment and answers with it, or with what `why` makes of its
// error.
void decide(Context& context, const http::Request& request, const Responder& responder,
            std::function<Result<state::Enrolment>(state::Edit&)> decide,
            std::function<http::Problem(const Error&)> why = api::change_problem) {
    auto decided = std::make_shared<state::Enrolment>();
    context.submit(
        api::audit_context_of(request),
        [decide = std::move(decide), decided](state::Edit& edit) -> Result<void> {
            *decided = EK_TRY(decide(edit));
            edit.note("name", decided->name);
            edit.note("fingerprint", decided->fingerprint);
            if (!decided->host.empty()) edit.note("host", decided->host);
            return {};
        },
        [responder, decided, why = std::move(why)](const Result<void>& done) {
            if (!done) return responder->send(why(done.error()));
            log::info(
                "an enrolment was decided",
                {{"enrolment", decided->id()}, {"state", std::string(to_string(decided->state))}});
            responder->send(http::Reply::json(200, state::show(*decided)));
        });
}

void accept_enrolment(Context& context, const http::Request& request, const Responder& responder) {
    const auto acceptance = read_acceptance(request.body.empty() ? json::Object{} : request.json);
    if (!acceptance) return responder->send(acceptance.error());
    const auto protecting = std::make_shared<std::string>();
    decide(
        context, request, responder,
        [id = request.at("id"), acceptance = *acceptance,
         protecting](state::Edit& edit) -> Result<state::Enrolment> {
            *protecting = EK_TRY(protecting_from(edit, id));
            if (!protecting->empty()) return fail(Errc::conflict, *protecting + " is protected");
            return accept(edit, id, acceptance, now_unix_ms());
        },
        [protecting](const Error& error) {
            return protecting->empty() ? api::change_problem(error) : token_required(*protecting);
        });
}

void reject_enrolment(Context& context, const http::Request& request, const Responder& responder) {
    decide(context, request, responder,
           [id = request.at("id")](state::Edit& edit) { return reject(edit, id); });
}

}  // namespace

void add_enrolment_routes(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/v1/enrolments",
                      .permission = "enrolment.read",
                      .tag = "enrolment",
                      .summary = "List how hosts came in, and which machines want to",
                      .query = api::list_parameters(enrolment_fields()),
                      .headers = {"Last-Event-ID"},
                      .answers = api::list_answers("A page of enrolments.", "EnrolmentList"),
                      .handler = api::listing(context, enrolment_fields(), list_enrolments),
                      .produces = api::list_media_types(),
                      .events = api::list_events("Enrolment", "Identity")});
    routes.push_back({.method = "GET",
                      .path = "/v1/enrolments/{id}",
                      .permission = "enrolment.read",
                      .tag = "enrolment",
                      .summary = "Get one enrolment",
                      .answers = {{200, "The enrolment.", "Enrolment"}},
                      .handler = api::reading(context.state, get_enrolment)});
    routes.push_back({.method = "POST",
                      .path = "/v1/enrolments/{id}",
                      .verb = "accept",
                      .permission = "enrolment.write",
                      .tag = "enrolment",
                      .summary = "Make a host of a machine that waits or was rejected",
                      .body = http::Body{.schema = "EnrolmentAccept", .required = false},
                      .answers = {{200, "The enrolment as it is now.", "Enrolment"}},
                      .handler = [&](const http::Request& request, const Responder& responder) {
                          accept_enrolment(context, request, responder);
                      }});
    routes.push_back({.method = "POST",
                      .path = "/v1/enrolments/{id}",
                      .verb = "reject",
                      .permission = "enrolment.write",
                      .tag = "enrolment",
                      .summary = "Send a machine away that waits",
                      .answers = {{200, "The enrolment as it is now.", "Enrolment"}},
                      .handler = [&](const http::Request& request, const Responder& responder) {
                          reject_enrolment(context, request, responder);
                      }});
}

}  // namespace evenkeel::enrolment
