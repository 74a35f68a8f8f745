#include "core/agent/runs/step.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::agent {

bool Step::stores() const {
    return decision == Decision::store_only || decision == Decision::apply ||
           decision == Decision::remove;
}

bool Step::drops() const {
    if (decision == Decision::forget) return true;
    return decision == Decision::remove && progress == Progress::finished &&
           result.outcome != wire::Outcome::failed;
}

bool Step::is_audit() const {
    return stores() && description.metadata.policy == wire::Policy::audit;
}

void StepList::assign(std::vector<Step> steps) {
    steps_ = std::move(steps);
    places_.clear();
    for (std::size_t i = 0; i < steps_.size(); ++i) places_.emplace(steps_[i].request.ref, i);
}

const Step* StepList::find(const wire::Ref& ref) const {
    const auto found = places_.find(ref);
    return found == places_.end() ? nullptr : &steps_[found->second];
}

Step step_for(const wire::ResourceRequest& request) {
    Step step;
    step.request = request;
    step.result.ref = request.ref;
    step.result.action = request.action;
    step.result.generation = request.generation;
    return step;
}

void finish(Step& step, wire::Outcome outcome, std::optional<Error> error) {
    step.progress = Progress::finished;
    step.result.outcome = outcome;
    step.result.error = std::move(error);
}

void skip(Step& step, Error reason, std::optional<wire::Ref> root) {
    finish(step, wire::Outcome::skipped, std::move(reason));
    step.progress = Progress::skipped;
    step.root = std::move(root);
}

bool has_failed(const Step& step) {
    return step.result.outcome == wire::Outcome::failed;
}

bool was_skipped(const Step& step) {
    return step.result.outcome == wire::Outcome::skipped && step.decision != Decision::supersede;
}

const std::string& reason_of(const Step& step) {
    static const std::string kNone = "no reason is known";
    return step.result.error ? step.result.error->what : kNone;
}

bool changed(const std::vector<wire::Change>& changes) {
    return std::any_of(changes.begin(), changes.end(), [](const wire::Change& change) {
        return change.outcome == wire::Outcome::done;
    });
}

std::vector<Description> descriptions_of(const StepList& steps,
                                         const std::vector<std::size_t>& group) {
    std::vector<Description> descriptions;
    for (const std::size_t at : group) descriptions.push_back(steps[at].description);
    return descriptions;
}

std::string names_of(const StepList& steps, const std::vector<std::size_t>& group) {
    const std::string& first = steps[group.front()].request.ref.id;
    const std::size_t others = group.size() - 1;
    return others == 0 ? first : first + " and " + std::to_string(others) + " more";
}

}  // namespace evenkeel::agent
