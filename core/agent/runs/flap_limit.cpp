#include "core/agent/runs/flap_limit.hpp"

#include <algorithm>

namespace evenkeel::agent {

FlapLimit::FlapLimit() : FlapLimit(Options{}) {}
FlapLimit::FlapLimit(Options options) : options_(options), stop_(options.quick) {}

std::size_t FlapLimit::count_since(std::int64_t horizon_ms) const {
    const auto first = std::upper_bound(repairs_ms_.begin(), repairs_ms_.end(), horizon_ms);
    return static_cast<std::size_t>(repairs_ms_.end() - first);
}

bool FlapLimit::is_reached(const Stop& stop, std::int64_t now_ms) {
    if (count_since(now_ms - stop.window.count()) < stop.most) return false;
    stop_ = stop;
    rests_until_ms_ = now_ms + stop.rest.count();
    repairs_ms_.clear();
    return true;
}

std::optional<std::chrono::milliseconds> FlapLimit::next(std::int64_t now_ms) {
    if (resting(now_ms)) return std::nullopt;
    const auto longest = std::max(options_.quick.window, options_.slow.window);
    while (!repairs_ms_.empty() && repairs_ms_.front() <= now_ms - longest.count())
        repairs_ms_.pop_front();
    if (is_reached(options_.quick, now_ms) || is_reached(options_.slow, now_ms)) {
        return std::nullopt;
    }
    repairs_ms_.push_back(now_ms);
    const std::size_t lately = count_since(now_ms - options_.quick.window.count());
    if (lately <= options_.at_once) return std::chrono::milliseconds(0);
    const std::size_t extra = std::min<std::size_t>(lately - options_.at_once, 5);
    return std::chrono::milliseconds(100LL << extra);
}

}  // namespace evenkeel::agent
