#include "orchestrator/api/wrong_tokens.hpp"

#include <utility>

namespace evenkeel::api {

http::Problem too_often(const run::Throttle& throttle, std::uint64_t now_ns, std::string detail) {
    http::Problem problem{.code = http::Code::rate_limited, .detail = std::move(detail)};
    problem.headers.emplace_back("Retry-After", std::to_string(throttle.retry_after_s(now_ns)));
    return problem;
}

http::Problem WrongTokens::answer(const std::string& peer, std::uint64_t now_ns) {
    if (!tries_.take(run::source_of(peer), now_ns)) {
        return too_often(tries_, now_ns, "too many invalid tokens from this address");
    }
    return {.code = http::Code::unauthenticated,
            .detail = "the token is unknown, expired or revoked"};
}

}  // namespace evenkeel::api
