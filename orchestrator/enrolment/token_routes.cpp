#include <array>
#include <utility>

#include <unistd.h>

#include "orchestrator/api/body.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/enrolment/install_line.hpp"
#include "orchestrator/enrolment/request_bodies.hpp"
#include "orchestrator/enrolment/routes.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/enrolment-tokens
namespace evenkeel::enrolment {
namespace {

using api::ApiResult;
using api::Context;
using api::refuse;
using Responder = std::shared_ptr<http::Responder>;

std::string address_for(const Contact& contact, const http::Request& request) {
    const std::string* header = request.header("host");
    std::array<char, 256> name{};
    const bool named = ::gethostname(name.data(), name.size() - 1) == 0;
    return address_for_new_hosts(contact.listen_host, header ? std::string_view(*header) : "",
                                 named ? name.data() : "");
}

// What a machine needs to reach the port and to know whom it reached.
http::Reply show_ca(const Contact& contact, const http::Request& request) {
    const std::string address =
        address_for(contact, request) + ":" + std::to_string(contact.port());
    return http::Reply::json(
        200, json::Object{{"sha256", contact.authority_sha256}, {"address", address}});
}

// The id of the host that the machine is to replace; retired hosts may be replaced too.
ApiResult<std::string> find_replaced(const Context& context, const TokenRequest& wanted) {
    if (wanted.replaces.empty()) return std::string();
    const state::Snapshot view = EK_API_TRY(context.state.read());
    const auto host = EK_API_TRY(view.hosts().resolve(wanted.replaces));
    if (host) return host->id;
    api::Findings findings;
    findings.invalid("/replaces", "there is no such host");
    return refuse(findings.problem());
}

void post_token(Context& context, const Contact& contact, const http::Request& request,
                const Responder& responder) {
    // All of it is optional, the body too.
    const auto wanted = read_token_request(request.body.empty() ? json::Object{} : request.json);
    if (!wanted) return responder->send(wanted.error());
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto there = api::require_environment(*view, wanted->environment);
    if (!there) return responder->send(there.error());
    const auto replaced = find_replaced(context, *wanted);
    if (!replaced) return responder->send(replaced.error());
    const auto made = make_token(*wanted, *replaced, request.principal.name);
    const auto protecting = state::protecting(*view, made.record);
    if (!protecting) return responder->send(protecting.error());
    const std::string secret(made.secret.reveal());
    json::Object body = state::show_made(made.record, secret,
                                         install_line(secret, address_for(contact, request),
                                                      contact.port(), contact.authority_sha256),
                                         !protecting->empty());
    auto reply = std::make_shared<http::Reply>(
        http::Reply::json(201, std::move(body))
            .with("Location", "/v1/enrolment-tokens/" + made.record.id)
            .with("Cache-Control", "no-store"));
    context.submit(
        api::audit_context_of(request),
        [record = made.record, reply, once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            edit.note("enrolment_token", state::show(record));
            EK_CHECK(edit.enrolment_tokens().put(record));
            return api::keep_reply(edit, protector, once, *reply);
        },
        [responder, reply](const Result<void>& done) {
            if (!done) return responder->send(api::change_problem(done.error()));
            responder->send(*reply);
        });
}

const api::Fields& token_fields() {
    static const api::Fields kFields = {{.name = "id"},
                                        {.name = "name"},
                                        {.name = "uses"},
                                        {.name = "uses_left"},
                                        {.name = "expires_at"},
                                        {.name = "created_at"},
                                        {.name = "environment", .is_tree = true},
                                        {.name = "replaces"},
                                        {.name = "created_by"},
                                        {.name = "approved_by"},
                                        {.name = "labels."}};
    return kFields;
}

ApiResult<std::optional<json::Value>> show_entry(const state::Entry& entry) {
    return state::show(EK_API_TRY(state::EnrolmentTokens::read(entry)));
}

ApiResult<api::PageSource> list_tokens(const state::View& view, const http::Request&) {
    return api::PageSource{.list = view.enrolment_tokens().list(),
                           .make_for = [](const state::View&) { return show_entry; }};
}

api::ReplyResult get_token(const state::View& view, const http::Request& request) {
    const auto token = EK_API_TRY(view.enrolment_tokens().find(request.at("id")));
    if (!token) return refuse(http::Code::not_found, "there is no enrolment token with this id");
    return http::Reply::json(200, state::show(*token));
}

Result<state::EnrolmentToken> require_token(const state::View& view, const std::string& id) {
    auto token = EK_TRY(view.enrolment_tokens().find(id));
    if (!token) return fail(Errc::not_found, "there is no enrolment token with this id");
    return *std::move(token);
}

void approve_token_of(Context& context, const http::Request& request, const Responder& responder) {
    auto token = std::make_shared<state::EnrolmentToken>();
    context.submit(
        api::audit_context_of(request),
        [id = request.at("id"), by = request.principal.name, once = request.once, token,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            *token = EK_TRY(require_token(edit, id));
            *token = EK_TRY(approve_token(edit, *token, by));
            edit.note("enrolment_token", state::show(*token));
            return api::keep_reply(edit, protector, once,
                                   http::Reply::json(200, state::show(*token)));
        },
        [responder, token](const Result<void>& done) {
            if (done) return responder->send(http::Reply::json(200, state::show(*token)));
            const bool is_other = done.error().code != Errc::denied;
            responder->send(is_other ? api::change_problem(done.error())
                                     : http::Problem{.code = http::Code::approval_required,
                                                     .detail = done.error().what});
        });
}

// Ends a token before its time.
void delete_token(Context& context, const http::Request& request, const Responder& responder) {
    context.submit(
        api::audit_context_of(request),
        [id = request.at("id"), once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            EK_CHECK(require_token(edit, id));
            EK_CHECK(edit.enrolment_tokens().erase(id));
            return api::keep_reply(edit, protector, once, http::Reply::empty(204));
        },
        [responder](const Result<void>& done) {
            if (!done) return responder->send(api::change_problem(done.error()));
            responder->send(http::Reply::empty(204));
        });
}

}  // namespace

void add_token_routes(std::vector<http::Route>& routes, Context& context, const Contact& contact) {
    routes.push_back(
        {.method = "POST",
         .path = "/v1/enrolment-tokens",
         .permission = "enrolment.write",
         .tag = "enrolment",
         .summary = "Make a token that hosts enrol with; its secret is shown once",
         .body = http::Body{.schema = "EnrolmentTokenPost", .required = false},
         .answers = {{201,
                      "The token, with secret and install line.",
                      "EnrolmentTokenMade",
                      {"Location"}}},
         .handler = [&context, contact](const http::Request& request, const Responder& responder) {
             post_token(context, contact, request, responder);
         }});
    routes.push_back(
        {.method = "GET",
         .path = "/v1/enrolment-tokens",
         .permission = "enrolment.read",
         .tag = "enrolment",
         .summary = "List enrolment tokens",
         .query = api::page_parameters(token_fields()),
         .answers = {{200, "A page of tokens.", "EnrolmentTokenList", {"Link", "X-Revision"}}},
         .handler = api::pages_of(context, token_fields(), list_tokens)});
    routes.push_back({.method = "GET",
                      .path = "/v1/enrolment-tokens/{id}",
                      .permission = "enrolment.read",
                      .tag = "enrolment",
                      .summary = "Get one enrolment token",
                      .answers = {{200, "The token, without its secret.", "EnrolmentToken"}},
                      .handler = api::reading(context.state, get_token)});
    routes.push_back(
        {.method = "GET",
         .path = "/v1/ca",
         .permission = "enrolment.read",
         .tag = "enrolment",
         .summary = "The fingerprint of the CA that hosts trust, and where they enrol",
         .answers = {{200, "Both, as evenkeel-agent enrol takes them.", "Ca"}},
         .handler = [contact](const http::Request& request, const Responder& responder) {
             responder->send(show_ca(contact, request));
         }});
    routes.push_back({.method = "POST",
                      .path = "/v1/enrolment-tokens/{id}",
                      .verb = "approve",
                      .permission = "plan.approve",
                      .tag = "enrolment",
                      .summary = "Approve a token of somebody else for a protected environment",
                      .answers = {{200, "The token, without its secret.", "EnrolmentToken"}},
                      .handler = [&](const http::Request& request, const Responder& responder) {
                          approve_token_of(context, request, responder);
                      }});
    routes.push_back({.method = "DELETE",
                      .path = "/v1/enrolment-tokens/{id}",
                      .permission = "enrolment.write",
                      .tag = "enrolment",
                      .summary = "Take back an enrolment token; hosts that used it stay",
                      .answers = {{204, "It counts no more."}},
                      .handler = [&](const http::Request& request, const Responder& responder) {
                          delete_token(context, request, responder);
                      }});
}

}  // namespace evenkeel::enrolment
