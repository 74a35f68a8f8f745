#include "core/agent/runs/plan_run.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/ordering.hpp"
#include "core/agent/runs/step_result.hpp"

namespace evenkeel::agent {

PlanRun::PlanRun(const HostView& host, Intent intent,
                 const std::vector<wire::ResourceRequest>& requests, std::uint64_t deadline_ns,
                 Done done)
    : host_(host),
      steps_(decide_all(std::move(intent), requests, {}, host)),
      deadline_ns_(deadline_ns),
      done_(std::move(done)) {
    for (Step& step : steps_) {
        if (steps_.intent().verb == wire::Verb::invoke) {
            finish(step, wire::Outcome::failed,
                   Error{Errc::unsupported, "an action cannot be planned"});
        }
        if (!step.result.error) step.result.outcome = wire::Outcome::planned;
    }
}

void PlanRun::begin() {
    next();
}

void PlanRun::next() {
    for (;; ++at_) {
        at_ = next_step(steps_, at_, host_.catalog);
        if (at_ == steps_.size()) {
            return done_(results_of(steps_, due_notifications(steps_, host_.catalog)));
        }
        const std::string& collection = steps_[at_].request.ref.collection;
        if (CollectionRunner* runner = host_.registry.find(collection)) return call(*runner);
        take(steps_[at_], fail(host_.registry.why_missing(collection)));
    }
}

void PlanRun::call(CollectionRunner& runner) {
    group_ = {at_};
    if (runner.collection().batches()) group_ = group_of(steps_, at_, host_.catalog);
    runner.run<std::vector<ApplyResult>>(
        PluginCall("plan of " + names_of(steps_, group_), deadline_ns_),
        [all = descriptions_of(steps_, group_)](LaneContext& lane, const plugin::Call& call) {
            return plan(lane, all, call);
        },
        [self = shared_from_this()](const Result<std::vector<ApplyResult>>& apply_results) {
            self->take(apply_results);
        });
}

void PlanRun::take(const Result<std::vector<ApplyResult>>& apply_results) {
    for (std::size_t i = 0; i < group_.size(); ++i) {
        take(steps_[group_[i]], apply_results ? Result<ApplyResult>((*apply_results)[i])
                                              : fail(apply_results.error()));
    }
    at_ = group_.back() + 1;
    next();
}

void PlanRun::take(Step& step, const Result<ApplyResult>& apply_result) const {
    wire::ResourceResult& result = step.result;
    step.progress = Progress::finished;
    if (apply_result) {
        result.changes = apply_result->changes;
        result.error = apply_result->error;
        result.notes = apply_result->notes;
        result.output = apply_result->output;
        result.state = apply_result->check_result.state;
    } else {
        result.error = apply_result.error();
    }
    if (result.error) explain(step);
    step.due.actions = due_after(step.description.metadata, result.error || !result.changes.empty(),
                                 host_.catalog);
}

// A step that cannot be planned now may be possible once another step has made its change.
void PlanRun::explain(Step& step) const {
    const wire::Ref* first = planned_before(steps_, step, host_.registry);
    step.result.outcome = first ? wire::Outcome::planned : wire::Outcome::failed;
    if (!first) return;
    step.result.error->what =
        "this cannot be told before " + text_of(*first) + " is changed: " + step.result.error->what;
}

}  // namespace evenkeel::agent
