#include "orchestrator/hosts/presence.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace evenkeel::hosts {

void Presence::set_link(const std::string& host, bool up) {
    if (up) {
        links_.insert(host);
    } else {
        links_.erase(host);
    }
}

std::int64_t Presence::heard_ms(const std::string& host) const {
    const auto found = heard_.find(host);
    return found == heard_.end() ? 0 : found->second;
}

std::int64_t Presence::last_ms(const state::Host& host) const {
    return std::max(from_rfc3339(host.last_seen).value_or(0), heard_ms(host.id));
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

std::vector<std::pair<std::string, std::int64_t>> Presence::linked() const {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const std::string& host : links_) {
        found.emplace_back(host, heard_ms(host));
    }
    return found;
}

}  // namespace evenkeel::hosts
