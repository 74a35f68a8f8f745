#include "plugins/services/systemd/check_schedule.hpp"

#include <algorithm>
#include <set>

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kDownNs = 5'000'000;
constexpr std::uint64_t kTransitionNs = 1'000'000'000;
constexpr std::uint64_t kFilesNs = 50'000'000;

std::uint64_t delay_ns(Phase phase) {
    if (phase == Phase::up) return 0;
    return phase == Phase::down ? kDownNs : kTransitionNs;
}

}  // namespace

void CheckSchedule::state_changed(const std::string& id, Phase phase, std::uint64_t now_ns) {
    const auto known = states_.find(id);
    const bool goes_on = known != states_.end() && known->second.phase == Phase::transition;
    if (goes_on && phase == Phase::transition) return;
    states_[id] = {phase, now_ns + delay_ns(phase)};
}

void CheckSchedule::files_changed(const std::string& id, std::uint64_t now_ns) {
    files_[id] = now_ns + kFilesNs;
}

void CheckSchedule::forget(const std::string& id) {
    states_.erase(id);
    files_.erase(id);
}

std::vector<std::string> CheckSchedule::take_due(std::uint64_t now_ns) {
    std::set<std::string> due;
    for (const auto& [id, pending] : states_)
        if (pending.at_ns <= now_ns) due.insert(id);
    for (const auto& [id, at_ns] : files_)
        if (at_ns <= now_ns) due.insert(id);
    // A check of the state reads the files as well, but too early for those that still change.
    for (const std::string& id : due) {
        const auto state = states_.find(id);
        if (state != states_.end() && state->second.at_ns <= now_ns) states_.erase(state);
        const auto files = files_.find(id);
        if (files != files_.end() && files->second <= now_ns) files_.erase(files);
    }
    return {due.begin(), due.end()};
}

std::uint64_t CheckSchedule::next_ns() const {
    std::uint64_t next = UINT64_MAX;
    for (const auto& [id, pending] : states_) next = std::min(next, pending.at_ns);
    for (const auto& [id, at_ns] : files_) next = std::min(next, at_ns);
    return next == UINT64_MAX ? 0 : next;
}

}  // namespace evenkeel::services
