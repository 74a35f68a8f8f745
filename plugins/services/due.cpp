#include "plugins/services/due.hpp"

#include <algorithm>
#include <set>

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kDownNs = 5'000'000;
constexpr std::uint64_t kTransitNs = 1'000'000'000;
constexpr std::uint64_t kFilesNs = 50'000'000;

std::uint64_t patience_ns(Phase phase) {
    if (phase == Phase::up) return 0;
    return phase == Phase::down ? kDownNs : kTransitNs;
}

}  // namespace

void Due::state(const std::string& id, Phase phase, std::uint64_t now_ns) {
    const auto known = states_.find(id);
    const bool goes_on = known != states_.end() && known->second.phase == Phase::transit;
    if (goes_on && phase == Phase::transit) return;
    states_[id] = {phase, now_ns + patience_ns(phase)};
}

void Due::files(const std::string& id, std::uint64_t now_ns) {
    files_[id] = now_ns + kFilesNs;
}

void Due::forget(const std::string& id) {
    states_.erase(id);
    files_.erase(id);
}

std::vector<std::string> Due::take(std::uint64_t now_ns) {
    std::set<std::string> due;
    for (const auto& [id, pending] : states_)
        if (pending.at_ns <= now_ns) due.insert(id);
    for (const auto& [id, at_ns] : files_)
        if (at_ns <= now_ns) due.insert(id);
    // A look at one side of a unit sees the other as well, but too early for what is not done.
    for (const std::string& id : due) {
        const auto state = states_.find(id);
        if (state != states_.end() && state->second.at_ns <= now_ns) states_.erase(state);
        const auto files = files_.find(id);
        if (files != files_.end() && files->second <= now_ns) files_.erase(files);
    }
    return {due.begin(), due.end()};
}

std::uint64_t Due::next_ns() const {
    std::uint64_t next = UINT64_MAX;
    for (const auto& [id, pending] : states_) next = std::min(next, pending.at_ns);
    for (const auto& [id, at_ns] : files_) next = std::min(next, at_ns);
    return next == UINT64_MAX ? 0 : next;
}

}  // namespace evenkeel::services
