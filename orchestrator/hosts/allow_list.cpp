#include "orchestrator/hosts/allow_list.hpp"

#include "core/crypto/x509.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::hosts {

Result<void> AllowList::load(const state::View& view) {
    const std::lock_guard lock(mutex_);
    hosts_.clear();
    retired_.clear();
    EK_CHECK(
        view.hosts().each_certificate([this](std::string_view fingerprint, std::string_view host) {
            hosts_.emplace(fingerprint, host);
        }));
    return view.enrolments().each_in(
        state::EnrolmentState::retired, [this](const state::Enrolment& one) {
            if (auto found = crypto::certificate_fingerprint(one.certificate)) {
                retired_.insert(*std::move(found));
            }
        });
}

void AllowList::follow(const state::Changes& changes) {
    if (changes.certificates.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const state::Changes::Certificate& one : changes.certificates) {
        if (one.host) {
            hosts_[one.fingerprint] = *one.host;
            retired_.erase(one.fingerprint);
        } else {
            hosts_.erase(one.fingerprint);
            retired_.insert(one.fingerprint);
        }
    }
}

std::optional<std::string> AllowList::find(const std::string& fingerprint) const {
    const std::lock_guard lock(mutex_);
    const auto found = hosts_.find(fingerprint);
    return found == hosts_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t AllowList::size() const {
    const std::lock_guard lock(mutex_);
    return hosts_.size();
}

bool AllowList::is_retired(const std::string& fingerprint) const {
    const std::lock_guard lock(mutex_);
    return retired_.contains(fingerprint);
}

}  // namespace evenkeel::hosts
