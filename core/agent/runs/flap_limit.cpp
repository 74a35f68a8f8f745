#include "core/agent/runs/flap_limit.hpp"

#include <algorithm>

namespace evenkeel::agent {

FlapLimit::FlapLimit() : FlapLimit(Options{}) {}
FlapLimit::FlapLimit(Options options) : options_(options) {}

std::optional<std::chrono::milliseconds> FlapLimit::next(std::int64_t now_ms) {
    if (resting(now_ms)) return std::nullopt;
    const std::int64_t horizon = now_ms - options_.window.count();
    while (!repairs_ms_.empty() && repairs_ms_.front() <= horizon) repairs_ms_.pop_front();
    if (repairs_ms_.size() >= options_.most) {
        rests_until_ms_ = now_ms + options_.rest.count();
        repairs_ms_.clear();
        return std::nullopt;
    }
    repairs_ms_.push_back(now_ms);
    if (repairs_ms_.size() <= options_.at_once) return std::chrono::milliseconds(0);
    const std::size_t extra = std::min<std::size_t>(repairs_ms_.size() - options_.at_once, 5);
    return std::chrono::milliseconds(100LL << extra);
}

}  // namespace evenkeel::agent
