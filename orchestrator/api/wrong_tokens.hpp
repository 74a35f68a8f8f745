#pragma once

#include <chrono>

#include "core/run/throttle.hpp"
#include "orchestrator/http/problem.hpp"

namespace evenkeel::api {

// How many tokens that do not count may be tried from one source address. Tokens that count take
// nothing from it and are never held up. [loop]
class WrongTokens {
  public:
    static constexpr std::uint32_t kMost = 20;  // in a minute, from one source

    // The answer to one more of them from `peer`: `unauthenticated`, the same whatever is wrong, so
    // that it does not reveal which ids exist; `rate-limited` with Retry-After when it is too many.
    http::Problem answer(const std::string& peer, std::uint64_t now_ns);

  private:
    run::Throttle tries_{kMost, std::chrono::minutes(1)};
};

// `rate-limited`, to be tried again when the throttle's window is over.
http::Problem too_often(const run::Throttle& throttle, std::uint64_t now_ns, std::string detail);

}  // namespace evenkeel::api
