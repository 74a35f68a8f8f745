#include "orchestrator/hosts/presence.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace evenkeel::hosts {

void Presence::record_message(const std::string& host, std::int64_t now_ms) {
    last_message_ms_[host] = now_ms;
    to_store_.insert(host);
}

void Presence::set_link(const std::string& host, bool up) {
    if (up) {
        links_.insert(host);
    } else {
        links_.erase(host);
    }
}

std::int64_t Presence::last_message_ms(const std::string& host) const {
    const auto found = last_message_ms_.find(host);
    return found == last_message_ms_.end() ? 0 : found->second;
}

std::int64_t Presence::last_ms(const state::Host& host) const {
    return std::max(from_rfc3339(host.last_seen).value_or(0), last_message_ms(host.id));
}

std::string Presence::last_seen(const state::Host& host) const {
    const std::int64_t last = last_ms(host);
    return last == 0 ? "" : to_rfc3339(last);
}

std::string Presence::offline_since(const state::Host& host, std::int64_t now_ms) const {
    const std::int64_t last = last_ms(host);
    if (last == 0 || has_link(host.id)) return "";
    // After our own start every host gets the time to come back before it counts as silent.
    const std::int64_t silent_from = std::max(last, started_ms_);
    return now_ms - silent_from < silence_max_.count() ? "" : to_rfc3339(last);
}

std::vector<LastSeen> Presence::take_unstored(std::size_t most) {
    std::vector<LastSeen> taken;
    while (taken.size() < most && !to_store_.empty()) {
        std::string host = std::move(to_store_.extract(to_store_.begin()).value());
        taken.push_back({.host = host, .at_ms = last_message_ms(host)});
    }
    return taken;
}

}  // namespace evenkeel::hosts
