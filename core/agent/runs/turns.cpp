#include "core/agent/runs/turns.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::agent {

void Turns::add(const std::string& id, std::set<std::string> collections) {
    for (const std::string& collection : collections) lines_[collection].push_back(id);
    entries_.emplace(id, Entry{std::move(collections), false});
    order_.push_back(id);
}

bool Turns::are_free(const std::set<std::string>& collections) const {
    return std::none_of(collections.begin(), collections.end(),
                        [this](const std::string& each) { return lines_.contains(each); });
}

void Turns::begin(const std::string& id, std::set<std::string> collections) {
    add(id, std::move(collections));
    entries_.at(id).returned = true;
}

bool Turns::is_first(const std::string& id, const Entry& entry) const {
    return std::all_of(
        entry.collections.begin(), entry.collections.end(),
        [&](const std::string& collection) { return lines_.at(collection).front() == id; });
}

std::vector<std::string> Turns::take_ready() {
    std::vector<std::string> ready;
    for (const std::string& id : order_) {
        Entry& entry = entries_.at(id);
        if (entry.returned || !is_first(id, entry)) continue;
        entry.returned = true;
        ready.push_back(id);
    }
    return ready;
}

void Turns::remove(const std::string& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    for (const std::string& collection : found->second.collections) {
        const auto line = lines_.find(collection);
        std::erase(line->second, id);
        if (line->second.empty()) lines_.erase(line);
    }
    std::erase(order_, id);
    entries_.erase(found);
}

}  // namespace evenkeel::agent
