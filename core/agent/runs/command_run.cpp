#include "core/agent/runs/command_run.hpp"

#include <utility>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/runs/ordering.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/runs/run_queue.hpp"
#include "core/agent/runs/step_result.hpp"

namespace evenkeel::agent {
namespace {

Intent intent_of(const InboxCommand& command) {
    return {command.verb, command.origin, command.detach};
}

HostView host_of(const RunContext& context) {
    return {context.catalog, context.registry, *context.store};
}

}  // namespace

CommandRun::CommandRun(const RunContext& context, InboxCommand command, std::uint64_t deadline_ns,
                       OnFinished on_finished)
    : Run(command.id, collections_of(command, context.catalog)),
      context_(context),
      command_(std::move(command)),
      on_finished_(std::move(on_finished)),
      calls_(context.journal, command_.id, deadline_ns),
      steps_(intent_of(command_)),
      runner_(context, calls_, steps_),
      busy_marks_(context.catalog, context.checker) {}

void CommandRun::begin() {
    // It was cancelled while it waited, and the commit of that is under way.
    if (!std::holds_alternative<Waiting>(phase_)) return;
    if (calls_.is_too_late()) {
        return end_unbegun(wire::EndState::expired,
                           {Errc::timeout, "its time was up before it could begin"});
    }
    StartCommit& start_commit = decide_steps();
    tell_running();
    const auto inbox = [&store = context_.journal.store(), command = command_](
                           store::WriteTxn& txn) { return store.put(txn, command); };
    start_commit.commit(context_.journal, inbox,
                        [this](const Result<void>& stored) { on_stored(stored); });
}

// It is told as running only when it is accepted: a command that the orchestrator takes for running
// is not withdrawn any more.
void CommandRun::begin_new(std::function<Result<void>(store::WriteTxn&)> acceptance,
                           OnAccepted on_accepted) {
    decide_steps().commit(context_.journal, std::move(acceptance),
                          [this, on_accepted = std::move(on_accepted)](const Result<void>& stored) {
                              if (!stored) withdraw(stored.error());
                              on_accepted(stored);
                              if (!stored) return;
                              tell_running();
                              on_stored(stored);
                          });
}

StartCommit& CommandRun::decide_steps() {
    steps_ = decide_all(intent_of(command_), command_.resources, command_.body_numbers,
                        host_of(context_));
    command_.state = InboxCommand::State::running;
    StartCommit& start_commit =
        phase_
            .emplace<Storing>(Storing{
                StartCommit({context_.catalog, context_.registry, context_.repairs, busy_marks_})})
            .start_commit;
    start_commit.take(steps_);
    return start_commit;
}

void CommandRun::tell_running() {
    if (steps_.intent().is_local()) return;
    context_.journal.publish_live(
        {wire::EventKind::command_running, json::Object{{"command", command_.id}}, {}, ""});
}

// It could not be accepted: as if it had never come.
void CommandRun::withdraw(const Error& error) {
    std::get<Storing>(phase_).start_commit.undo(steps_, error);
    context_.queue.end(*this);
    busy_marks_.release();
    for (const Step& step : steps_) {
        // A repair may have waited for its time; taking the description over has forgotten that.
        context_.repairs.need(step.request.ref);
    }
}

void CommandRun::cancel() {
    calls_.cancel();
    if (!std::holds_alternative<Waiting>(phase_)) return;
    end_unbegun(wire::EndState::cancelled, {Errc::cancelled, "cancelled before it began"});
}

void CommandRun::end_unbegun(wire::EndState state, const Error& error) {
    std::vector<Step> steps;
    for (const wire::ResourceRequest& request : command_.resources) {
        steps.push_back(step_for(request));
        skip(steps.back(), error);
    }
    steps_.assign(std::move(steps));
    end(state, {});
}

void CommandRun::on_stored(const Result<void>& stored) {
    if (!stored) std::get<Storing>(phase_).start_commit.undo(steps_, stored.error());
    phase_.emplace<Applying>();
    runner_.start([this] { on_applied(); });
}

void CommandRun::on_applied() {
    show_skipped();
    auto& phase = phase_.emplace<Notifying>(Notifying{due_notifications(steps_, context_.catalog)});
    for (const NotificationStep& step : phase.steps) {
        // What an action changes on its resource is not drift.
        if (step.state == NotificationStep::State::waiting) {
            busy_marks_.add(step.notification.ref);
        }
    }
    next_notification();
}

// A resource that was skipped because another failed keeps the status that it had.
void CommandRun::show_skipped() {
    for (Step& step : steps_) {
        const CatalogEntry* entry = step.root ? context_.catalog.find(step.request.ref) : nullptr;
        if (entry) step.result.compliance = entry->status.compliance;
    }
}

void CommandRun::next_notification() {
    auto& [steps, at] = std::get<Notifying>(phase_);
    for (; at < steps.size(); ++at) {
        NotificationStep& step = steps[at];
        const std::string& collection = step.notification.ref.collection;
        if (step.state != NotificationStep::State::waiting) continue;
        if (calls_.is_cancelled()) {
            skip(step, {Errc::cancelled, "cancelled before its turn"});
        } else if (context_.registry.find(collection)) {
            return run_action(step);
        } else {
            take_result(step, failed_call(context_.registry.why_missing(collection)));
        }
    }
    const auto notifications = std::move(steps);
    end(calls_.is_cancelled() ? wire::EndState::cancelled : end_state(steps_, notifications),
        notifications);
}

void CommandRun::run_action(NotificationStep& step) {
    const auto& [ref, action] = step.notification;
    context_.registry.find(ref.collection)
        ->run<ApplyResult>(
            calls_.make(action + " of " + ref.id, ref, true),
            [id = ref.id, action = action](LaneContext& lane, const plugin::Call& call) {
                return invoke(lane, id, action, json::Value(), call);
            },
            [this, &step](const Result<ApplyResult>& applied) {
                take_result(step, applied ? *applied : failed_call(applied.error()));
                next_notification();
            });
}

void CommandRun::end(wire::EndState state, const std::vector<NotificationStep>& notifications) {
    const CommandResult& result =
        phase_
            .emplace<Ending>(
                Ending{{state, results_of(steps_, notifications), std::nullopt}, notifications})
            .result;
    RunEnd end = end_of(steps_, notifications, host_of(context_));
    if (!steps_.intent().is_local()) {
        end.drafts.insert(end.drafts.begin(), command_outcome(command_.id, result));
    }
    take_into_memory(end);
    unwatch_forgotten();
    context_.commits.commit(command_, std::move(end), [this] { on_committed(); });
}

void CommandRun::take_into_memory(const RunEnd& end) {
    Catalog& catalog = context_.catalog;
    for (const PendingNotifications& each : end.pending_notifications) catalog.put(each);
    for (const Tombstone& each : end.tombstones) catalog.put(each);
    for (const wire::Ref& ref : end.drops) {
        context_.repairs.reset(ref);
        catalog.erase(ref);
    }
}

// A removal ends its watch itself, so only `forget` is handled here.
void CommandRun::unwatch_forgotten() {
    for (const Step& step : steps_) {
        const wire::Ref& ref = step.request.ref;
        CollectionRunner* runner = context_.registry.find(ref.collection);
        if (step.decision != Decision::forget || !runner) continue;
        runner->run<bool>(
            PluginCall("end of the watch on " + ref.id),
            [id = ref.id](LaneContext& lane, const plugin::Call& call) {
                return lane.interest(id, false, call);
            },
            [](const Result<bool>&) {});
    }
}

// Resources on which an action was run, or that were skipped because another failed, have not been
// checked yet.
void CommandRun::release(const std::vector<NotificationStep>& notifications) {
    busy_marks_.release();
    for (const Step& step : steps_) {
        if (step.decision != Decision::invoke && !step.root) continue;
        context_.checker.request(step.request.ref, CheckTrigger::check);
    }
    for (const NotificationStep& step : notifications) {
        context_.checker.request(step.notification.ref, CheckTrigger::check);
    }
}

// Only now are its resources checked again: an end that has to be tried again must not overwrite
// what a check has found meanwhile.
void CommandRun::on_committed() {
    context_.queue.end(*this);
    const auto& [result, notifications] = std::get<Ending>(phase_);
    release(notifications);
    if (on_finished_) on_finished_(result);
    for (const wire::ResourceResult& each : result.resources) {
        if (changed(each.changes)) context_.repairs.on_changed(each.ref);
        context_.repairs.need(each.ref);
        context_.repairs.wake(each.ref);
    }
}

}  // namespace evenkeel::agent
