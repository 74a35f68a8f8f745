#include <utility>

#include "core/agent/work/engine.hpp"
#include "core/agent/work/event_drafts.hpp"
#include "core/agent/work/ordering.hpp"
#include "core/agent/work/prepare.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

// The engine's second part: how jobs end, and plans.
namespace evenkeel::agent {

struct Engine::Planning {
    Job job;
    std::function<void(std::vector<wire::ResourceResult>)> done;
};

void Engine::finish(Job& job) {
    const std::string id = job.inbox.id;
    Outcome outcome;
    outcome.state = end_state(job);
    End end;
    end.pending_notifications = pending_after(job, parts_.catalog);
    for (const PendingNotifications& pending : end.pending_notifications)
        parts_.catalog.put(pending);
    for (Step& step : job.steps) {
        outcome.resources.push_back(step.done);
        finish_step(job, step, end);
    }
    std::vector<EventDraft> drafts;
    if (!job.is_local()) drafts.push_back(command_outcome(id, outcome));
    for (EventDraft& draft : end.drafts) drafts.push_back(std::move(draft));
    end.drafts = std::move(drafts);
    release(job);
    queue_.remove(id);
    pump();
    commit_end(id, std::make_shared<const Outcome>(std::move(outcome)),
               std::make_shared<const End>(std::move(end)));
}

void Engine::finish_step(const Job& job, Step& step, End& end) {
    const wire::Ref& ref = step.request.ref;
    for (EventDraft& draft : step.drafts) end.drafts.push_back(std::move(draft));
    CatalogEntry* entry = parts_.catalog.find(ref);
    if (step.drops) {
        if (!step.request.generation.empty()) {
            end.tombstones.push_back({ref, step.request.generation});
            parts_.catalog.tombstones[ref] = step.request.generation;
        }
        end.drops.push_back(ref);
        parts_.repairs.reset(ref);
        parts_.catalog.erase(ref);
        if (CollectionRunner* runner = parts_.registry.find(ref.collection);
            runner && job.inbox.verb == wire::Verb::forget) {
            runner->run<bool>(
                PluginCall("end of the watch on " + ref.id),
                [id = ref.id](LaneContext& lane, const plugin::Call&) {
                    return lane.interest(id, false);
                },
                [](const Result<bool>&) {});
        }
        return;
    }
    if (!entry || !step.observed) return;
    end.observations.push_back(ComplianceTracker::observation_of(*entry, step.done.state));
    if (job.is_local() && step.stores) {
        end.drafts.push_back(description_changed(
            *entry, shown_body(step.description, parts_.registry, parts_.store->sealer()),
            step.done.state, wire::DescriptionReason::local));
    }
}

void Engine::release(const Job& job) {
    for (const Step& step : job.steps) {
        CatalogEntry* entry = parts_.catalog.find(step.request.ref);
        if (entry && step.claimed) entry->busy = false;
    }
    for (const Step& step : job.steps) {
        const bool is_action = job.inbox.verb == wire::Verb::invoke || step.is_notice();
        if (!step.claimed && !is_action) continue;
        parts_.checker.released(step.request.ref);
        if (is_action || step.root) parts_.checker.ask(step.request.ref, CheckTrigger::check);
    }
}

void Engine::commit_end(const std::string& id, std::shared_ptr<const Outcome> outcome,
                        std::shared_ptr<const End> end) {
    InboxCommand inbox = jobs_.at(id)->inbox;
    inbox.state = InboxCommand::State::finished;
    inbox.resources.clear();
    const auto write = [&store = parts_.journal.store(), inbox, end](
                           store::WriteTxn& txn,
                           const std::vector<std::uint64_t>& seqs) mutable -> Result<void> {
        for (const Observation& each : end->observations) EK_CHECK(store.put(txn, each));
        for (const PendingNotifications& each : end->pending_notifications)
            EK_CHECK(store.put(txn, each));
        for (const wire::Ref& each : end->drops) EK_CHECK(store.drop(txn, each));
        for (const Tombstone& each : end->tombstones) EK_CHECK(store.put(txn, each));
        const bool is_kept = inbox.origin == wire::Origin::orchestrator && seqs.front() != 0;
        if (!is_kept) return store.drop_inbox(txn, inbox.id);
        inbox.outcome_seq = seqs.front();
        return store.put(txn, inbox);
    };
    parts_.journal.commit(end->drafts, write, [this, id, outcome, end](const Result<void>& stored) {
        if (!stored) {
            // The machine has been changed: the outcome has to be kept, however long it takes.
            retries_[id] = parts_.loop.after(std::chrono::seconds(1), [this, id, outcome, end] {
                retries_.erase(id);
                commit_end(id, outcome, end);
            });
            return;
        }
        const auto job = std::move(jobs_.at(id));
        jobs_.erase(id);
        if (job->on_finished) job->on_finished(*outcome);
        for (const wire::ResourceResult& done : outcome->resources) {
            parts_.repairs.need(done.ref);
            parts_.repairs.wake(done.ref);
        }
    });
}

void Engine::plan(const OpenName<wire::Verb>& verb, std::vector<wire::ResourceRequest> request,
                  bool local, std::chrono::milliseconds timeout,
                  std::function<void(std::vector<wire::ResourceResult>)> done) {
    auto planning = std::make_shared<Planning>();
    Job& job = planning->job;
    planning->done = std::move(done);
    job.inbox.verb = verb;
    job.inbox.origin = local ? wire::Origin::local : wire::Origin::orchestrator;
    job.inbox.resources = std::move(request);
    job.deadline_ns =
        now_monotonic_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
    prepare_all(job);
    for (Step& step : job.steps) {
        if (verb == wire::Verb::invoke) {
            step.goes = false;
            step.done.outcome = wire::Outcome::failed;
            step.done.error = Error{Errc::unsupported, "an action cannot be planned"};
        }
        if (!step.done.error) step.done.outcome = wire::Outcome::planned;
    }
    plan_next(planning);
}

void Engine::plan_next(const std::shared_ptr<Planning>& planning) {
    Job& job = planning->job;
    for (; job.at < job.steps.size(); ++job.at) {
        Step& step = job.steps[job.at];
        if (!step.goes) continue;
        auto reason = blocking_reason(job, parts_.catalog, step);
        if (!reason) break;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = std::move(reason);
    }
    if (job.at == job.steps.size()) {
        add_notices(job, parts_.catalog);
        std::vector<wire::ResourceResult> entries;
        for (Step& step : job.steps) entries.push_back(std::move(step.done));
        return planning->done(std::move(entries));
    }
    const wire::Ref& ref = job.steps[job.at].request.ref;
    const auto take = [this, planning](Result<std::vector<ApplyResult>> apply_results) {
        Job& now = planning->job;
        for (std::size_t i = 0; i < now.group.size(); ++i) {
            Step& step = now.steps[now.group[i]];
            take_plan(now, step,
                      apply_results ? std::move((*apply_results)[i])
                                    : Result<ApplyResult>(fail(apply_results.error())));
        }
        now.at = now.group.back() + 1;
        plan_next(planning);
    };
    job.group = {job.at};
    CollectionRunner* runner = parts_.registry.find(ref.collection);
    if (!runner) {
        return take(
            fail(Errc::not_found, "this host has no plugin for the collection " + ref.collection));
    }
    if (runner->collection().batches()) job.group = group_of(job, parts_.catalog);
    runner->run<std::vector<ApplyResult>>(
        PluginCall("plan of " + names_of(job), job.deadline_ns),
        [all = descriptions_of(job)](LaneContext& lane, const plugin::Call& call) {
            return agent::plan(lane, all, call);
        },
        take);
}

void Engine::take_plan(Job& job, Step& step, Result<ApplyResult> apply_result) const {
    wire::ResourceResult& done = step.done;
    if (apply_result) {
        done.changes = std::move(apply_result->changes);
        done.error = std::move(apply_result->error);
        done.state = std::move(apply_result->check_result.state);
    } else {
        done.error = apply_result.error();
    }
    if (done.error) {
        const wire::Ref* first = planned_before(job, step);
        done.outcome = first ? wire::Outcome::planned : wire::Outcome::failed;
        if (first) {
            done.error->what = "this cannot be told before " + text_of(*first) +
                               " is changed: " + done.error->what;
        }
    }
    const bool changes = done.error || !done.changes.empty();
    step.owed =
        changes ? notified_by(job, step) : parts_.catalog.pending_for(step.description.metadata);
}

}  // namespace evenkeel::agent
