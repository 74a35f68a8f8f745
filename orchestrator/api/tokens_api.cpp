#include <utility>

#include "core/base/time.hpp"
#include "core/crypto/token.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/tokens.hpp"

// /v1/tokens
namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

void make_token(Context& context, const Request& request, const Responder& responder) {
    const auto order = read_token_request(request.json);
    if (!order) return responder->send(order.error());
    const crypto::Token made = crypto::make_token(kTokenKind);
    const state::ApiToken record{.id = made.id,
                                 .hash = made.hash,
                                 .name = order->name,
                                 .role = order->role,
                                 .created_at = now_rfc3339(),
                                 .created_by = request.principal.id,
                                 .expires_at_ms = now_unix_ms() + order->lifetime.count()};
    auto reply = std::make_shared<http::Reply>(
        http::Reply::json(201, state::show_made(record, made.text.reveal()))
            .with("Location", "/v1/tokens/" + record.id)
            .with("Cache-Control", "no-store"));
    context.submit(
        audit_context_of(request),
        [record, reply, once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            edit.note("token", state::show(record));
            EK_CHECK(edit.tokens().put(record));
            return keep_reply(edit, protector, once, *reply);
        },
        [responder, reply](const Result<void>& done) {
            if (!done) return responder->send(change_problem(done.error()));
            responder->send(*reply);
        });
}

const Fields& token_fields() {
    static const Fields kFields = {{"name"},
                                   {"role", name_list<Role>()},
                                   {"state", name_list<state::TokenState>()},
                                   {"created_at"},
                                   {"expires_at"}};
    return kFields;
}

ApiResult<std::optional<json::Value>> show_entry(const state::Entry& entry) {
    return state::show(EK_API_TRY(state::Tokens::read(entry)));
}

ApiResult<PageSource> list_tokens(const state::View& view, const Request&) {
    return PageSource{.list = view.tokens().list(),
                      .make_for = [](const state::View&) { return show_entry; }};
}

ReplyResult get_token(const state::View& view, const Request& request) {
    const auto token = EK_API_TRY(view.tokens().find(request.at("id")));
    if (!token) return refuse(http::Code::not_found, "there is no token with this id");
    return http::Reply::json(200, state::show(*token));
}

Result<state::ApiToken> revoke(state::Edit& edit, const std::string& id) {
    auto token = EK_TRY(edit.tokens().find(id));
    if (!token) return fail(Errc::not_found, "there is no token with this id");
    if (!token->counts(now_unix_ms())) return *std::move(token);
    if (token->role == Role::admin && !EK_TRY(edit.tokens().has_admin(now_unix_ms(), id))) {
        return fail(Errc::conflict, "this is the last valid admin token: make another first");
    }
    token->revoked_at_ms = now_unix_ms();
    EK_CHECK(edit.tokens().put(*token));
    edit.note("token", state::show(*token));
    return *std::move(token);
}

void revoke_token(Context& context, const Request& request, const Responder& responder) {
    auto revoked = std::make_shared<state::ApiToken>();
    context.submit(
        audit_context_of(request),
        [id = request.at("id"), revoked, once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            *revoked = EK_TRY(revoke(edit, id));
            return keep_reply(edit, protector, once, http::Reply::json(200, state::show(*revoked)));
        },
        [responder, revoked](const Result<void>& done) {
            if (!done) return responder->send(change_problem(done.error()));
            responder->send(http::Reply::json(200, state::show(*revoked)));
        });
}

}  // namespace

void add_tokens(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "POST",
                      .path = "/v1/tokens",
                      .permission = "token.write",
                      .tag = "access",
                      .summary = "Make a token for the API; its secret is shown once",
                      .body = http::Body{.schema = "TokenPost"},
                      .answers = {{201, "The token, with its secret.", "TokenMade", {"Location"}}},
                      .handler = [&](const Request& request, const Responder& responder) {
                          make_token(context, request, responder);
                      }});
    routes.push_back({.method = "GET",
                      .path = "/v1/tokens",
                      .permission = "token.read",
                      .tag = "access",
                      .summary = "List tokens, without their secrets",
                      .query = page_parameters(token_fields()),
                      .answers = {{200, "A page of tokens.", "TokenList", {"Link", "X-Revision"}}},
                      .handler = pages_of(context, token_fields(), list_tokens)});
    routes.push_back({.method = "GET",
                      .path = "/v1/tokens/{id}",
                      .permission = "token.read",
                      .tag = "access",
                      .summary = "Get one token, without its secret",
                      .answers = {{200, "The token.", "Token"}},
                      .handler = reading(context.state, get_token)});
    routes.push_back({.method = "POST",
                      .path = "/v1/tokens/{id}",
                      .verb = "revoke",
                      .permission = "token.write",
                      .tag = "access",
                      .summary = "Revoke a token: it counts no more, at once",
                      .answers = {{200, "The token as it is now.", "Token"}},
                      .handler = [&](const Request& request, const Responder& responder) {
                          revoke_token(context, request, responder);
                      }});
}

}  // namespace evenkeel::api
