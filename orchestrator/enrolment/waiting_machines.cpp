#include "orchestrator/enrolment/waiting_machines.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::enrolment {

SharedRequest WaitingMachines::add(const std::string& key, SharedRequest request,
                                   std::uint64_t until_ns) {
    auto before = take(key);
    machines_[key] = {.request = std::move(request), .until_ns = until_ns};
    return before;
}

SharedRequest WaitingMachines::take(const std::string& key) {
    auto node = machines_.extract(key);
    if (node.empty()) return nullptr;
    return std::move(node.mapped().request);
}

std::vector<SharedRequest> WaitingMachines::take_ended(std::uint64_t now_ns) {
    std::vector<SharedRequest> ended;
    std::erase_if(machines_, [&](auto& entry) {
        if (entry.second.until_ns > now_ns) return false;
        ended.push_back(std::move(entry.second.request));
        return true;
    });
    return ended;
}

std::optional<std::uint64_t> WaitingMachines::next_end_ns() const {
    const auto next = std::min_element(
        machines_.begin(), machines_.end(),
        [](const auto& a, const auto& b) { return a.second.until_ns < b.second.until_ns; });
    return next == machines_.end() ? std::nullopt : std::optional(next->second.until_ns);
}

std::set<std::string> WaitingMachines::keys() const {
    std::set<std::string> keys;
    for (const auto& [key, machine] : machines_) keys.insert(key);
    return keys;
}

void WaitingMachines::remove(std::uint64_t connection) {
    std::erase_if(machines_, [connection](const auto& entry) {
        return entry.second.request->connection == connection;
    });
}

}  // namespace evenkeel::enrolment
