#include "core/agent/work/job.hpp"

#include <algorithm>

namespace evenkeel::agent {

const Step* Job::find(const wire::Ref& ref) const {
    const auto found = places.find(ref);
    return found == places.end() ? nullptr : &steps[found->second];
}

json::Value encode(const Outcome& outcome) {
    json::Array resources;
    for (const wire::ResourceResult& done : outcome.resources)
        resources.push_back(wire::encode(done));
    return json::Object{{"state", to_string(outcome.state)},
                        {"resources", std::move(resources)},
                        {"error", outcome.error ? wire::encode(*outcome.error) : json::Value()}};
}

std::vector<Description> descriptions_of(const Job& job) {
    std::vector<Description> descriptions;
    for (const std::size_t at : job.group) descriptions.push_back(job.steps[at].description);
    return descriptions;
}

std::string names_of(const Job& job) {
    const std::string& first = job.steps[job.group.front()].request.ref.id;
    const std::size_t others = job.group.size() - 1;
    return others == 0 ? first : first + " and " + std::to_string(others) + " more";
}

bool changed(const std::vector<wire::Change>& changes) {
    return std::any_of(changes.begin(), changes.end(), [](const wire::Change& change) {
        return change.outcome == wire::Outcome::done;
    });
}

wire::EndState end_state(const Job& job) {
    if (job.ends) return *job.ends;
    if (job.is_cancelled) return wire::EndState::cancelled;
    const auto& steps = job.steps;
    if (!steps.empty() &&
        std::all_of(steps.begin(), steps.end(), [](const Step& step) { return step.superseded; })) {
        return wire::EndState::superseded;
    }
    const bool failed = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
        return step.done.outcome == wire::Outcome::failed || step.root;
    });
    return failed ? wire::EndState::failed : wire::EndState::succeeded;
}

}  // namespace evenkeel::agent
