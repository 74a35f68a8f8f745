#include "orchestrator/api/access.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/crypto/token.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/tokens.hpp"

namespace evenkeel::api {
namespace {

http::Problem unauthenticated(std::string detail) {
    return {.code = http::Code::unauthenticated, .detail = std::move(detail)};
}

http::Problem forbidden(std::string_view permission) {
    http::Problem problem{.code = http::Code::forbidden,
                          .detail = "the token has no permission " + std::string(permission)};
    problem.more.set("permission", permission);
    return problem;
}

}  // namespace

Result<void> ensure_admin_token(state::State& state, const std::string& file) {
    const bool any = EK_TRY(state.read().and_then(
        [](const state::View& view) { return view.tokens().has_admin(now_unix_ms()); }));
    if (any) return {};
    EK_TRY(make_admin_token(state, file, "start"));
    log::info("the administrator's token was written", {{"file", file}});
    return {};
}

Result<std::string> make_admin_token(state::State& state, const std::string& file,
                                     const std::string& cause) {
    const crypto::Token token = crypto::make_token(kTokenKind);
    // The file first: if this fails between the two, the next time repeats both.
    EK_CHECK(write_file(file, std::string(token.text.reveal()) + "\n", 0600));
    const auto keep = [&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.tokens().put({.id = token.id,
                                    .hash = token.hash,
                                    .name = "admin",
                                    .role = Role::admin,
                                    .created_at = now_rfc3339(),
                                    .created_by = "system"}));
        return edit.audit({.method = "SYSTEM", .route = cause, .object = token.id});
    };
    EK_CHECK(state.run(keep));
    return token.id;
}

Access::Access(run::Loop& loop, state::State& state) : loop_(loop), state_(state) {
    state_.listen([this](const state::Changes& changes) {
        if (!changes.tokens.empty()) check_streams();
    });
}

std::optional<http::Problem> Access::authorize(http::Request& request,
                                               std::string_view permission) {
    if (request.token.empty()) {
        return unauthenticated("send the token as Authorization: Bearer");
    }
    const auto wrong = [&] { return wrong_.answer(request.peer, now_monotonic_ns()); };
    const auto id = crypto::token_id(kTokenKind, request.token);
    if (!id) return wrong();
    const auto view = state_.read();
    if (!view) return http::problem_from(view.error());
    const auto token = view->tokens().find(*id);
    if (!token) return http::problem_from(token.error());
    // Compared in any case: an unknown id takes as long as a wrong secret.
    const bool matches = crypto::token_matches(request.token, *token ? (*token)->hash : "");
    if (!*token || !matches) return wrong();
    const http::Principal who{
        .id = *id, .name = (*token)->name, .role = std::string((*token)->role.text())};
    const auto role = (*token)->role.known();
    if (!role || !(*token)->counts(now_unix_ms())) {
        http::Problem problem = wrong();
        if (problem.code == http::Code::unauthenticated) request.principal = who;
        return problem;
    }
    if (may(*role, permission)) {
        request.principal = who;
        request.principal.is_admin = *role == Role::admin;
        return std::nullopt;
    }
    if (auto often = take_denial(*id)) return often;
    request.principal = who;
    return forbidden(permission);
}

std::optional<http::Problem> Access::take_denial(const std::string& token) {
    if (denied_.take(token, now_monotonic_ns())) return std::nullopt;
    return too_often(denied_, now_monotonic_ns(), "this token was denied too often");
}

void Access::deny(const state::AuditContext& audit_context, const http::Problem& problem,
                  const std::shared_ptr<http::Responder>& responder) {
    deny_part(audit_context, problem, responder,
              [responder, problem] { responder->send(problem); });
}

void Access::deny_part(const state::AuditContext& audit_context, const http::Problem& problem,
                       const std::shared_ptr<http::Responder>& responder,
                       std::function<void()> rest) {
    // What is too much is not recorded: that would be more of it.
    if (auto often = take_denial(audit_context.actor.id)) return responder->send(*often);
    record(audit_context, problem, responder, std::move(rest));
}

// Recorded is what a known token was denied; strangers and the throttled have no principal.
void Access::refuse(const http::Request& request, const http::Problem& problem,
                    const std::shared_ptr<http::Responder>& responder) {
    if (request.principal.id.empty()) return responder->send(problem);
    record(audit_context_of(request), problem, responder,
           [responder, problem] { responder->send(problem); });
}

void Access::record(state::AuditContext audit_context, const http::Problem& problem,
                    const std::shared_ptr<http::Responder>& responder,
                    std::function<void()> after) {
    audit_context.outcome = state::AuditOutcome::denied;
    audit_context.detail = json::Object{{"code", http::to_string(problem.code)}};
    if (const json::Value* permission = problem.more.find("permission")) {
        audit_context.detail.set("permission", *permission);
    }
    state_.submit(
        std::move(audit_context), [](state::Edit&) -> Result<void> { return {}; },
        [responder, after = std::move(after)](const Result<void>& done) {
            if (!done) return responder->send(change_problem(done.error()));
            after();
        });
}

void Access::watch(const http::Principal& who, const std::shared_ptr<http::Stream>& stream) {
    streams_.emplace(who.id, stream);
    if (!stream_check_.pending())
        stream_check_ = loop_.after(kStreamCheckInterval, [this] { check_streams(); });
}

void Access::check_streams() {
    std::erase_if(streams_, [](const auto& entry) {
        const auto stream = entry.second.lock();
        return !stream || !stream->is_open();
    });
    if (streams_.empty()) return;
    stream_check_ = loop_.after(kStreamCheckInterval, [this] { check_streams(); });
    const auto view = state_.read();
    if (!view) return;
    for (const auto& [id, weak] : streams_) {
        const auto token = view->tokens().find(id);
        if (token && *token && (*token)->counts(now_unix_ms())) continue;
        if (const auto stream = weak.lock()) stream->close();
    }
}

}  // namespace evenkeel::api
