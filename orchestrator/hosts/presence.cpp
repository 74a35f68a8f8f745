#include "orchestrator/hosts/presence.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"

namespace evenkeel::hosts {

Arrival Arrival::now() {
    return {.wall_ms = now_unix_ms(), .monotonic_ms = now_monotonic_ms()};
}

void Presence::record_message(const std::string& host, Arrival arrival) {
    auto& entry = *hosts_.try_emplace(host).first;
    entry.second.last_message = arrival;
    entry.second.was_heard = true;
    if (!std::exchange(entry.second.is_unstored, true)) unstored_.push_back(&entry);
}

void Presence::set_link(const std::string& host, bool up) {
    hosts_[host].has_link = up;
    if (observer_) observer_(host, up, offline_at_ms(host));
}

const Presence::Known* Presence::find(const std::string& host) const {
    const auto found = hosts_.find(host);
    return found == hosts_.end() ? nullptr : &found->second;
}

bool Presence::has_link(const std::string& host) const {
    const Known* known = find(host);
    return known && known->has_link;
}

std::int64_t Presence::last_message_ms(const std::string& host) const {
    const Known* known = find(host);
    return known ? known->last_message.wall_ms : 0;
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
    const Known* known = find(host);
    // After our own start every host gets the time to come back before it counts as silent.
    return known && known->was_heard ? known->last_message.monotonic_ms + silence_max_.count()
                                     : first_offline_at_ms();
}

std::vector<LastSeen> Presence::take_unstored(std::size_t most) {
    std::vector<LastSeen> taken;
    for (; taken.size() < most && !unstored_.empty(); unstored_.pop_front()) {
        auto& [host, known] = *unstored_.front();
        known.is_unstored = false;
        taken.push_back({.host = host, .at_ms = known.last_message.wall_ms});
    }
    return taken;
}

}  // namespace evenkeel::hosts
