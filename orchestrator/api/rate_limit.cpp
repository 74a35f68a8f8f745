#include "orchestrator/api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace evenkeel::api {

std::optional<http::Problem> RateLimit::take(const std::string& principal, std::uint64_t now_ns) {
    if (options_.per_second <= 0) return std::nullopt;
    const double most = std::max<double>(options_.burst, 1);
    const auto [at, fresh] = buckets_.try_emplace(principal, Bucket{most, now_ns});
    Bucket& bucket = at->second;
    const double seconds = static_cast<double>(now_ns - bucket.at_ns) / 1e9;
    bucket.left = std::min(most, bucket.left + seconds * options_.per_second);
    bucket.at_ns = now_ns;
    if (bucket.left >= 1) {
        bucket.left -= 1;
        return std::nullopt;
    }
    const auto whole = [](double value) {
        return std::to_string(static_cast<std::int64_t>(std::ceil(value)));
    };
    http::Problem problem{.code = http::Code::rate_limited,
                          .detail = "this token sends more than " + whole(options_.per_second) +
                                    " requests a second"};
    problem.headers = {
        {"Retry-After", whole(std::max(1.0, (1 - bucket.left) / options_.per_second))},
        {"RateLimit-Limit", whole(most)},
        {"RateLimit-Remaining", "0"},
        {"RateLimit-Reset", whole((most - bucket.left) / options_.per_second)}};
    return problem;
}

}  // namespace evenkeel::api
