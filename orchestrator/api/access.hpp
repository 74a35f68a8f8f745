#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/run/loop.hpp"
#include "core/run/throttle.hpp"
#include "orchestrator/api/wrong_tokens.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/state/state.hpp"

// Authentication and authorization of API requests.
namespace evenkeel::api {

inline constexpr std::string_view kTokenKind = "ekp";

// At a start at which no administrator's token counts: makes one that never expires, writes it with
// a newline into `file` (0600), and keeps its hash. So the first start makes the first token, and
// after the last administrator's token was lost a restart makes another.
Result<void> ensure_admin_token(state::State& state, const std::string& file);
// Makes one in any case; its id. `cause` stands in the audit.
Result<std::string> make_admin_token(state::State& state, const std::string& file,
                                     const std::string& cause);

// Checks bearer tokens against their stored hashes, and permissions against their roles, for the
// router. What it refuses to a known token is recorded in the audit. [loop]
class Access {
  public:
    Access(run::Loop& loop, state::State& state);

    // Sets request.principal. `unauthenticated` alike for a token that is unknown, wrong, expired
    // or revoked; `forbidden` naming the permission; `rate-limited` after too many failures. A
    // valid token is never throttled.
    std::optional<http::Problem> authorize(http::Request& request, std::string_view permission);
    // Answers a refusal, after it was recorded.
    void refuse(const http::Request& request, const http::Problem& problem,
                const std::shared_ptr<http::Responder>& responder);
    // The same for what only the handler knows not to be permitted: recorded, and counted among the
    // denials of the token, after too many of which it is `rate-limited`.
    void deny(const state::AuditContext& audit_context, const http::Problem& problem,
              const std::shared_ptr<http::Responder>& responder);
    // The same for a part of what is asked: `rest` goes on with the others, after it was recorded.
    void deny_part(const state::AuditContext& audit_context, const http::Problem& problem,
                   const std::shared_ptr<http::Responder>& responder, std::function<void()> rest);
    // Closes the stream when the token is revoked, and soon after it has expired.
    void watch(const http::Principal& who, const std::shared_ptr<http::Stream>& stream);

    static constexpr std::uint32_t kDeniedMost = 60;                // of one token in a minute
    static constexpr std::chrono::seconds kStreamCheckInterval{2};  // at open streams

  private:
    std::optional<http::Problem> take_denial(const std::string& token);
    void record(state::AuditContext audit_context, const http::Problem& problem,
                const std::shared_ptr<http::Responder>& responder, std::function<void()> after);
    void check_streams();

    run::Loop& loop_;
    state::State& state_;
    WrongTokens wrong_;
    run::Throttle denied_{kDeniedMost, std::chrono::minutes(1)};
    std::multimap<std::string, std::weak_ptr<http::Stream>> streams_;  // by token id
    run::Timer stream_check_;
};

}  // namespace evenkeel::api
