#include <utility>

#include "core/agent/engine.hpp"
#include "core/agent/notes.hpp"
#include "core/agent/ordering.hpp"
#include "core/agent/prepare.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

// The engine's second part: how jobs end, and plans.
namespace evenkeel::agent {

struct Engine::Planning {
    Job job;
    std::function<void(std::vector<wire::Done>)> done;
};

void Engine::finish(Job& job) {
    const std::string id = job.inbox.id;
    Outcome outcome;
    outcome.state = end_state(job);
    End end;
    end.debts = debts_after(job, parts_.book);
    for (const Debt& debt : end.debts) parts_.book.put(debt);
    for (Step& step : job.steps) {
        outcome.resources.push_back(step.done);
        finish_step(job, step, end);
    }
    std::vector<Note> notes;
    if (!job.is_local()) notes.push_back(command_outcome(id, outcome));
    for (Note& note : end.notes) notes.push_back(std::move(note));
    end.notes = std::move(notes);
    release(job);
    queue_.remove(id);
    pump();
    commit_end(id, std::make_shared<const Outcome>(std::move(outcome)),
               std::make_shared<const End>(std::move(end)));
}

void Engine::finish_step(const Job& job, Step& step, End& end) {
    const wire::Ref& ref = step.wanted.ref;
    for (Note& note : step.notes) end.notes.push_back(std::move(note));
    Record* record = parts_.book.find(ref);
    if (step.drops) {
        if (!step.wanted.generation.empty()) {
            end.removals.push_back({ref, step.wanted.generation});
            parts_.book.removals[ref] = step.wanted.generation;
        }
        end.drops.push_back(ref);
        parts_.repairs.reset(ref);
        parts_.book.erase(ref);
        if (Unit* unit = parts_.units.find(ref.collection); unit && job.inbox.verb == "forget") {
            unit->run<bool>(
                Errand("end of the watch on " + ref.id),
                [id = ref.id](Workplace& place, const plugin::Call&) {
                    return place.interest(id, false);
                },
                [](const Result<bool>&) {});
        }
        return;
    }
    if (!record || !step.observed) return;
    end.observations.push_back(Judge::observation_of(*record, step.done.state));
    if (job.is_local() && step.stores) {
        end.notes.push_back(description_changed(
            *record, shown_body(step.description, parts_.units, parts_.store->sealer()),
            step.done.state, "local"));
    }
}

void Engine::release(const Job& job) {
    for (const Step& step : job.steps) {
        Record* record = parts_.book.find(step.wanted.ref);
        if (record && step.claimed) record->busy = false;
    }
    for (const Step& step : job.steps) {
        const bool is_action = job.inbox.verb == "invoke" || step.is_notice();
        if (!step.claimed && !is_action) continue;
        parts_.checker.released(step.wanted.ref);
        if (is_action || step.root) parts_.checker.ask(step.wanted.ref, Cause::check);
    }
}

void Engine::commit_end(const std::string& id, std::shared_ptr<const Outcome> outcome,
                        std::shared_ptr<const End> end) {
    Inbox inbox = jobs_.at(id)->inbox;
    inbox.state = Inbox::State::finished;
    inbox.resources.clear();
    const auto write = [&store = parts_.journal.store(), inbox, end](
                           store::WriteTxn& txn,
                           const std::vector<std::uint64_t>& seqs) mutable -> Result<void> {
        for (const Observation& each : end->observations) EK_CHECK(store.put(txn, each));
        for (const Debt& each : end->debts) EK_CHECK(store.put(txn, each));
        for (const wire::Ref& each : end->drops) EK_CHECK(store.drop(txn, each));
        for (const Removal& each : end->removals) EK_CHECK(store.put(txn, each));
        const bool is_kept = inbox.origin == wire::Origin::orchestrator && seqs.front() != 0;
        if (!is_kept) return store.drop_inbox(txn, inbox.id);
        inbox.outcome_seq = seqs.front();
        return store.put(txn, inbox);
    };
    parts_.journal.commit(end->notes, write, [this, id, outcome, end](const Result<void>& stored) {
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
        for (const wire::Done& done : outcome->resources) {
            parts_.repairs.need(done.ref);
            parts_.repairs.wake(done.ref);
        }
    });
}

void Engine::plan(const std::string& verb, std::vector<wire::Wanted> wanted, bool local,
                  std::chrono::milliseconds timeout,
                  std::function<void(std::vector<wire::Done>)> done) {
    auto planning = std::make_shared<Planning>();
    Job& job = planning->job;
    planning->done = std::move(done);
    job.inbox.verb = verb;
    job.inbox.origin = local ? wire::Origin::local : wire::Origin::orchestrator;
    job.inbox.resources = std::move(wanted);
    job.deadline_ns =
        now_monotonic_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
    prepare_all(job);
    for (Step& step : job.steps) {
        if (verb == "invoke") {
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
        auto reason = hindrance(job, parts_.book, step);
        if (!reason) break;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = std::move(reason);
    }
    if (job.at == job.steps.size()) {
        add_notices(job, parts_.book);
        std::vector<wire::Done> entries;
        for (Step& step : job.steps) entries.push_back(std::move(step.done));
        return planning->done(std::move(entries));
    }
    const wire::Ref& ref = job.steps[job.at].wanted.ref;
    const auto take = [this, planning](Result<std::vector<Deed>> deeds) {
        Job& now = planning->job;
        for (std::size_t i = 0; i < now.group.size(); ++i) {
            Step& step = now.steps[now.group[i]];
            take_plan(now, step,
                      deeds ? std::move((*deeds)[i]) : Result<Deed>(fail(deeds.error())));
        }
        now.at = now.group.back() + 1;
        plan_next(planning);
    };
    job.group = {job.at};
    Unit* unit = parts_.units.find(ref.collection);
    if (!unit) {
        return take(
            fail(Errc::not_found, "this host has no plugin for the collection " + ref.collection));
    }
    if (unit->collection().batches()) job.group = group_of(job, parts_.book);
    unit->run<std::vector<Deed>>(
        Errand("plan of " + names_of(job), job.deadline_ns),
        [all = descriptions_of(job)](Workplace& place, const plugin::Call& call) {
            return agent::plan(place, all, call);
        },
        take);
}

void Engine::take_plan(Job& job, Step& step, Result<Deed> deed) const {
    wire::Done& done = step.done;
    if (deed) {
        done.changes = std::move(deed->changes);
        done.error = std::move(deed->error);
        done.state = std::move(deed->look.state);
    } else {
        done.error = deed.error();
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
    step.owed = changes ? tells_of(job, step) : parts_.book.owed_by(step.description.head);
}

}  // namespace evenkeel::agent
