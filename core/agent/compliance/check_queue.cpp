#include "core/agent/compliance/check_queue.hpp"

namespace evenkeel::agent {

void CheckQueue::add(const std::string& id, CheckTrigger trigger, std::uint64_t due_ns) {
    if (announced(id)) return;
    if (trigger != CheckTrigger::event) {
        others_.emplace(id, trigger);
        return;
    }
    others_.erase(id);
    announced_.emplace(id, due_ns);
    by_due_.emplace(due_ns, id);
}

std::vector<CheckQueue::Request> CheckQueue::take(std::size_t most, std::uint64_t now_ns,
                                                  const Due& due) {
    std::vector<Request> taken;
    while (taken.size() < most && !by_due_.empty() && by_due_.begin()->first <= now_ns) {
        auto next = by_due_.extract(by_due_.begin());
        std::string& id = next.value().second;
        // It was checked after it was announced.
        if (const std::uint64_t at = due(id); at > now_ns) {
            announced_[id] = next.value().first = at;
            by_due_.insert(std::move(next));
            continue;
        }
        announced_.erase(id);
        taken.emplace_back(std::move(id), CheckTrigger::event);
    }
    while (taken.size() < most && !others_.empty()) {
        auto next = others_.extract(others_.begin());
        taken.emplace_back(std::move(next.key()), next.mapped());
    }
    return taken;
}

std::vector<std::string> CheckQueue::clear() {
    std::vector<std::string> ids;
    for (const auto& [id, due_ns] : announced_) ids.push_back(id);
    for (const auto& [id, trigger] : others_) ids.push_back(id);
    *this = {};
    return ids;
}

}  // namespace evenkeel::agent
