#include "core/agent/runs/step_runner.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/command_calls.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/ordering.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/runs/step_result.hpp"

namespace evenkeel::agent {
namespace {

using LaneWork = std::function<std::vector<ApplyResult>(LaneContext&, const plugin::Call&)>;

// What the lane does for the steps of one call.
LaneWork work_of(const StepList& steps, const std::vector<std::size_t>& group) {
    const Step& first = steps[group.front()];
    if (first.decision == Decision::invoke) {
        return [request = first.request](LaneContext& lane, const plugin::Call& call) {
            return std::vector{
                invoke(lane, request.ref.id, request.action, request.arguments, call)};
        };
    }
    if (first.decision == Decision::remove) {
        return [description = first.description](LaneContext& lane, const plugin::Call& call) {
            return std::vector{remove_resource(lane, description, call)};
        };
    }
    return [all = descriptions_of(steps, group)](LaneContext& lane, const plugin::Call& call) {
        return apply_all(lane, all, call);
    };
}

}  // namespace

void StepRunner::start(std::function<void()> done) {
    done_ = std::move(done);
    next();
}

void StepRunner::next() {
    if (calls_.is_cancelled()) skip_cancelled();
    for (;; ++at_) {
        at_ = next_step(steps_, at_, context_.catalog);
        if (at_ == steps_.size()) return done_();
        Step& step = steps_[at_];
        const std::string& collection = step.request.ref.collection;
        if (CollectionRunner* runner = context_.registry.find(collection)) return begin(*runner);
        take_result(step, failed_call(context_.registry.why_missing(collection)), context_.catalog,
                    context_.registry);
    }
}

void StepRunner::skip_cancelled() {
    for (; at_ < steps_.size(); ++at_) {
        if (steps_[at_].progress != Progress::waiting) continue;
        skip(steps_[at_], {Errc::cancelled, "cancelled before its turn"});
    }
}

void StepRunner::begin(CollectionRunner& runner) {
    group_ = {at_};
    if (notified_by(steps_[at_]).empty()) {
        call(runner);
    } else {
        record(runner);
    }
}

void StepRunner::record(CollectionRunner& runner) {
    const Step& step = steps_[at_];
    BeforeChange before;
    before.pending = {step.request.ref, notified_by(step)};
    if (step.decision != Decision::remove) {
        before.check = [description = step.description](LaneContext& lane,
                                                        const plugin::Call& call) {
            return result_if_compliant(lane, description, call);
        };
    }
    before.done = [this](Result<std::optional<ApplyResult>> found) {
        on_recorded(std::move(found));
    };
    record_before_change(context_.journal, runner, plugin_call(), std::move(before));
}

void StepRunner::on_recorded(Result<std::optional<ApplyResult>> found) {
    if (!found) return take(fail(found.error()));
    if (*found) return take(std::vector{**std::move(found)});
    Step& step = steps_[at_];
    step.due.recorded = true;
    call(*context_.registry.find(step.request.ref.collection));
}

void StepRunner::call(CollectionRunner& runner) {
    if (runner.collection().batches()) group_ = group_of(steps_, at_, context_.catalog);
    runner.run<std::vector<ApplyResult>>(
        plugin_call(), work_of(steps_, group_),
        [this](Result<std::vector<ApplyResult>> apply_results) { take(std::move(apply_results)); });
}

PluginCall StepRunner::plugin_call() {
    return calls_.make(std::string(steps_.intent().verb.text()) + " of " + names_of(steps_, group_),
                       steps_[at_].request.ref, group_.size() == 1);
}

void StepRunner::take(Result<std::vector<ApplyResult>> apply_results) {
    for (std::size_t i = 0; i < group_.size(); ++i) {
        Step& step = steps_[group_[i]];
        ApplyResult apply_result =
            apply_results ? std::move((*apply_results)[i]) : failed_call(apply_results.error());
        ignore_active_writers(step.request.ref, context_.catalog, context_.checker, apply_result);
        context_.repairs.leave_alone(step.request.ref, apply_result.retry_after);
        take_result(step, apply_result, context_.catalog, context_.registry);
    }
    at_ = group_.back() + 1;
    next();
}

}  // namespace evenkeel::agent
