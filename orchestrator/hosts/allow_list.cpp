#include "orchestrator/hosts/allow_list.hpp"

#include "orchestrator/state/hosts.hpp"

namespace evenkeel::hosts {

Result<void> AllowList::load(const state::View& view) {
    const std::lock_guard lock(mutex_);
    hosts_.clear();
    return view.hosts().each_certificate(
        [this](std::string_view fingerprint, std::string_view host) {
            hosts_.emplace(fingerprint, host);
        });
}

void AllowList::add(const std::string& fingerprint, const std::string& host) {
    const std::lock_guard lock(mutex_);
    hosts_[fingerprint] = host;
}

void AllowList::remove(const std::string& fingerprint) {
    const std::lock_guard lock(mutex_);
    hosts_.erase(fingerprint);
}

std::optional<std::string> AllowList::find(const std::string& fingerprint) const {
    const std::lock_guard lock(mutex_);
    const auto found = hosts_.find(fingerprint);
    return found == hosts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace evenkeel::hosts
