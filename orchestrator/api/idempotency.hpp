#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "core/run/loop.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/http/router.hpp"

namespace evenkeel::api {

inline constexpr std::size_t kKeyBytesMost = 255;
inline constexpr std::chrono::hours kReplyKept{24};

// In the transaction of a request's effect: stores the expected reply, when the request has an
// Idempotency-Key. The final reply may contain more (a command that has finished) and replaces it;
// after a crash before that, this one is replayed. [lane]
Result<void> keep_reply(state::Edit& edit, const secrets::Protector& protector,
                        const http::Once& once, const http::Reply& reply);

// Requests with an Idempotency-Key have their effect once: the same request again gets the same
// answer, with `Idempotency-Replayed: true`. A key belongs to its token and route. Another request
// under it is `idempotency-key-reused`, the same while the first is in work
// `idempotency-key-busy`. What was refused was not kept, and may be sent again. [loop]
class Idempotency {
  public:
    Idempotency(run::Loop& loop, state::State& state, const secrets::Protector& protector)
        : loop_(loop), state_(state), protector_(protector) {}

    // http::Router::Options::begin: the responder for the handler, with request.once set; null when
    // it has answered.
    std::shared_ptr<http::Responder> begin(const http::Route& route, http::Request& request,
                                           std::shared_ptr<http::Responder> responder);

  private:
    ApiResult<std::optional<http::Reply>> replay(const http::Once& once) const;
    // Makes the kept reply the one that is sent, then sends it.
    void finish(const http::Once& once, http::Reply reply,
                const std::shared_ptr<http::Responder>& responder);
    Result<bool> is_kept_otherwise(const http::Once& once, const http::Reply& reply) const;

    run::Loop& loop_;
    state::State& state_;
    const secrets::Protector& protector_;
    std::set<std::string> in_work_;
};

}  // namespace evenkeel::api
