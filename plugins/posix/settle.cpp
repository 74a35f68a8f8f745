#include "plugins/posix/settle.hpp"

#include <algorithm>

namespace evenkeel::posix {

namespace {

constexpr std::uint64_t kVanishedNs = 50'000'000;
constexpr std::uint64_t kWritingNs = 1'000'000'000;

}  // namespace

void Settle::touch(const std::string& id, Touch touch, std::uint64_t now_ns) {
    if (touch == Touch::settled) {
        pending_.erase(id);
        unsettled_.erase(id);
        long_writes_.erase(id);
        ready_.insert(id);
        return;
    }
    if (touch != Touch::writing) long_writes_.erase(id);
    if (pending_.count(id) == 0 && long_writes_.count(id) == 0) unsettled_.insert(id);
    if (touch == Touch::writing) {
        // Counted from the first write: a log that is always written to is checked all the same.
        const auto known = pending_.find(id);
        if (known != pending_.end() && known->second.touch == Touch::writing) return;
        pending_[id] = {touch, now_ns + kWritingNs};
        return;
    }
    pending_[id] = {touch, now_ns + kVanishedNs};
}

void Settle::forget(const std::string& id) {
    ready_.erase(id);
    unsettled_.erase(id);
    long_writes_.erase(id);
    pending_.erase(id);
}

std::vector<std::string> Settle::take_unsettled() {
    std::vector<std::string> ids(unsettled_.begin(), unsettled_.end());
    unsettled_.clear();
    return ids;
}

std::vector<std::string> Settle::take_due(std::uint64_t now_ns) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        if (at->second.at_ns > now_ns) {
            ++at;
            continue;
        }
        if (at->second.touch == Touch::writing) long_writes_.insert(at->first);
        unsettled_.erase(at->first);
        ready_.insert(at->first);
        at = pending_.erase(at);
    }
    std::vector<std::string> ids(ready_.begin(), ready_.end());
    ready_.clear();
    return ids;
}

std::uint64_t Settle::next_ns() const {
    std::uint64_t next = 0;
    for (const auto& [id, pending] : pending_)
        next = next == 0 ? pending.at_ns : std::min(next, pending.at_ns);
    return next;
}

}  // namespace evenkeel::posix
