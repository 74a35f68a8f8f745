#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "orchestrator/http/problem.hpp"

namespace evenkeel::api {

// A token bucket for each API token: `burst` requests at once, refilled with `per_second`. [loop]
class RateLimit {
  public:
    struct Options {
        double per_second = 100;  // 0: no limit
        std::uint32_t burst = 500;
    };
    explicit RateLimit(Options options) : options_(options) {}

    // Takes one for this principal; `rate-limited` with Retry-After and RateLimit-* when there is
    // none. `now_ns` is monotonic.
    std::optional<http::Problem> take(const std::string& principal, std::uint64_t now_ns);

  private:
    struct Bucket {
        double left = 0;
        std::uint64_t at_ns = 0;
    };
    Options options_;
    // Only authenticated principals have one, so requests without a token cannot make it grow.
    std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace evenkeel::api
