#include "orchestrator/hosts/presence.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace evenkeel::hosts {

Arrival Arrival::now() {
    return {.wall_ms = now_unix_ms(), .monotonic_ms = now_monotonic_ms()};
}

void Presence::record_message(const std::string& host, Arrival arrival) {
    last_messages_[host] = arrival;
    to_store_.insert(host);
}

void Presence::set_link(const std::string& host, bool up) {
    if (up) {
        links_.insert(host);
    } else {
        links_.erase(host);
    }
    if (observer_) observer_(host, up, offline_at_ms(host));
}

std::int64_t Presence::last_message_ms(const std::string& host) const {
    const auto found = last_messages_.find(host);
    return found == last_messages_.end() ? 0 : found->second.wall_ms;
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
    return now_ms < offline_at_ms(host.id) ? "" : to_rfc3339(last);
}

std::int64_t Presence::offline_at_ms(const std::string& host) const {
    const auto found = last_messages_.find(host);
    // After our own start every host gets the time to come back before it counts as silent.
    return found == last_messages_.end() ? first_offline_at_ms()
                                         : found->second.monotonic_ms + silence_max_.count();
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
