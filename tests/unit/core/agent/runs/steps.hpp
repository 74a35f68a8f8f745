#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/agent/runs/step.hpp"

// Steps as they are after the decision about them, for tests of what follows from it.
namespace evenkeel::agent::test {

inline wire::Ref note(const std::string& id) {
    return {"notes", id};
}

inline wire::Notification shout(const std::string& id) {
    return {note(id), "shout"};
}

inline Step step_of(const std::string& id, Decision decision, wire::Relations relations = {},
                    wire::Policy policy = wire::Policy::report) {
    wire::ResourceRequest request;
    request.ref = note(id);
    Step step = step_for(request);
    step.decision = decision;
    step.progress = Progress::waiting;
    step.description.metadata.ref = request.ref;
    step.description.metadata.policy = policy;
    step.description.metadata.relations = std::move(relations);
    return step;
}

inline Step ended(Step step, wire::Outcome outcome, std::optional<Error> error = {}) {
    finish(step, outcome, std::move(error));
    return step;
}

inline StepList list_of(std::vector<Step> steps, Intent intent = {wire::Verb::apply}) {
    StepList list(std::move(intent));
    list.assign(std::move(steps));
    return list;
}

inline std::vector<std::string> ids_of(const StepList& steps) {
    std::vector<std::string> ids;
    for (const Step& step : steps) ids.push_back(step.request.ref.id);
    return ids;
}

}  // namespace evenkeel::agent::test
