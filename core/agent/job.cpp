#include "core/agent/job.hpp"

#include <algorithm>

namespace evenkeel::agent {
namespace {

bool is_superseded(const Step& step) {
    return step.done.outcome == wire::Outcome::skipped && step.done.error &&
           step.done.error->code == Errc::conflict;
}

}  // namespace

json::Value encode(const Outcome& outcome) {
    json::Array resources;
    for (const wire::Done& done : outcome.resources) resources.push_back(wire::encode(done));
    return json::Object{{"state", outcome.state},
                        {"resources", std::move(resources)},
                        {"error", outcome.error ? wire::encode(*outcome.error) : json::Value()}};
}

std::string end_state(const Job& job) {
    if (!job.ends.empty()) return job.ends;
    if (job.is_cancelled) return "cancelled";
    const auto& steps = job.steps;
    if (!steps.empty() && std::all_of(steps.begin(), steps.end(), is_superseded)) {
        return "superseded";
    }
    const bool failed = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
        return step.done.outcome == wire::Outcome::failed;
    });
    return failed ? "failed" : "succeeded";
}

}  // namespace evenkeel::agent
