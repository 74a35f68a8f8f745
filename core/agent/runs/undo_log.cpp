#include "core/agent/runs/undo_log.hpp"

#include <algorithm>
#include <set>

namespace evenkeel::agent {
namespace {

constexpr std::size_t kChangesMost = 64;

}  // namespace

void UndoLog::on_changed(const wire::Ref& ref) {
    changed_.push_back(ref);
    if (changed_.size() > kChangesMost) changed_.pop_front();
}

void UndoLog::on_drift(const wire::Ref& ref) {
    const auto own = std::find(changed_.rbegin(), changed_.rend(), ref);
    // Without a change of its own it is not known to have been in line before the others.
    if (own == changed_.rend()) return;
    for (const wire::Ref& other : std::set<wire::Ref>(changed_.rbegin(), own)) {
        ++undone_[ref][other];
    }
}

std::optional<wire::Ref> UndoLog::suspect(const wire::Ref& ref, std::size_t drifts) const {
    const auto undone = undone_.find(ref);
    if (undone == undone_.end()) return std::nullopt;
    const auto most =
        std::max_element(undone->second.begin(), undone->second.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (2 * most->second <= drifts) return std::nullopt;
    return most->first;
}

}  // namespace evenkeel::agent
