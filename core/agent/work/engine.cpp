#include "core/agent/work/engine.hpp"

#include <utility>

#include "core/agent/work/event_drafts.hpp"
#include "core/agent/work/ordering.hpp"
#include "core/agent/work/prepare.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

// A job goes through submit, pump (its turn), begin (the descriptions are committed), carry_on (one
// step after the other on the lanes) and finish (the outcome is committed).
namespace evenkeel::agent {
namespace {

// Steps that do not go to a plugin, because the job ends before it begins.
void skip_all(Job& job, Errc code, const std::string& why) {
    job.steps.clear();
    for (const wire::ResourceRequest& request : job.inbox.resources) {
        Step step;
        step.request = request;
        step.goes = false;
        step.done.ref = request.ref;
        step.done.action = request.action;
        step.done.generation = request.generation;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = Error{code, why};
        job.steps.push_back(std::move(step));
    }
}

using Work = std::function<std::vector<ApplyResult>(LaneContext&, const plugin::Call&)>;

// What the lane does for the steps of the job's group.
Work work_of(const Job& job) {
    const Step& first = job.steps[job.at];
    if (job.inbox.verb == wire::Verb::invoke || first.is_notice()) {
        return [request = first.request](LaneContext& lane, const plugin::Call& call) {
            auto applied =
                lane.collection->invoke(request.ref.id, request.action, request.arguments, call);
            return std::vector{
                ApplyResult{std::move(applied.changes), std::move(applied.error),
                            CheckResult{std::nullopt, std::move(applied.state), {}}}};
        };
    }
    if (job.inbox.verb == wire::Verb::remove) {
        return [description = first.description](LaneContext& lane, const plugin::Call& call) {
            return std::vector{remove_resource(lane, description, call)};
        };
    }
    return [all = descriptions_of(job)](LaneContext& lane, const plugin::Call& call) {
        return apply_all(lane, all, call);
    };
}

}  // namespace

// A local administrator takes a resource over, or the orchestrator does.
EventDraft Engine::change_of_owner(const Job& job, const CatalogEntry& before,
                                   const Step& step) const {
    if (job.is_local()) {
        return description_forgotten(before.metadata.ref, before.metadata.generation,
                                     before.metadata.origin, wire::DescriptionReason::detached);
    }
    CatalogEntry after = before;
    after.metadata = step.description.metadata;
    return description_changed(after, step.description.body, nullptr,
                               wire::DescriptionReason::replaced);
}

Engine::Engine(Parts parts) : parts_(std::move(parts)) {}

void Engine::submit(std::unique_ptr<Job> job) {
    const std::string id = job->inbox.id;
    job->collections = collections_of(*job, parts_.catalog);
    queue_.add(id, job->collections);
    jobs_.emplace(id, std::move(job));
    pump();
}

void Engine::pump() {
    for (const std::string& id : queue_.take_ready()) {
        // Not inside this call: a job that ends at once would pump again.
        parts_.loop.post([this, id] {
            const auto job = jobs_.find(id);
            if (job != jobs_.end() && !job->second->begun) begin(*job->second);
        });
    }
}

bool Engine::cancel(const std::string& id) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return false;
    Job& job = *found->second;
    job.is_cancelled = true;
    if (job.cancel) job.cancel->cancel();
    if (!job.begun) {
        job.begun = true;
        skip_all(job, Errc::cancelled, "cancelled before it began");
        finish(job);
    }
    return true;
}

void Engine::begin(Job& job) {
    job.begun = true;
    if (job.kind == Job::Kind::repair) return begin_repair(job);
    if (job.kind == Job::Kind::notice) return begin_notice(job);
    if (job.deadline_ns != 0 && now_monotonic_ns() >= job.deadline_ns) {
        job.ends = wire::EndState::expired;
        skip_all(job, Errc::timeout, "its time was up before it could begin");
        return finish(job);
    }
    prepare_all(job);
    if (!job.is_local()) {
        parts_.journal.tell_live(
            {wire::EventKind::command_running, json::Object{{"command", job.inbox.id}}, {}, ""});
    }
    store_beginning(job);
}

void Engine::prepare_all(Job& job) const {
    for (std::size_t i = 0; i < job.inbox.resources.size(); ++i) {
        const wire::ResourceRequest& request = job.inbox.resources[i];
        Step step = prepare(job, request, parts_.catalog, parts_.registry, *parts_.store);
        // The body lies in the store already, with the command.
        const bool is_stored = i < job.inbox.body_numbers.size() &&
                               job.inbox.verb == wire::Verb::apply &&
                               step.description.body == request.description;
        if (is_stored) step.description.body_number = job.inbox.body_numbers[i];
        job.steps.push_back(std::move(step));
    }
    arrange(job);
}

void Engine::store_beginning(Job& job) {
    std::vector<EventDraft> drafts;
    std::vector<Description> descriptions;
    std::vector<Tombstone> returned;
    for (Step& step : job.steps) {
        const wire::Ref& ref = step.request.ref;
        if (!step.goes && !step.stores && !step.drops) continue;
        CatalogEntry* entry = parts_.catalog.find(ref);
        if (step.stores) {
            if (entry && entry->metadata.origin != job.inbox.origin) {
                (job.is_local() ? drafts : step.drafts)
                    .push_back(change_of_owner(job, *entry, step));
            }
            if (const auto gone = parts_.catalog.tombstones.find(ref);
                gone != parts_.catalog.tombstones.end()) {
                returned.push_back({ref, gone->second});
                parts_.catalog.tombstones.erase(gone);
            }
            descriptions.push_back(step.description);
            entry = &parts_.catalog.put(step.description.metadata);
            entry->status = ResourceStatus{};
            entry->status.compliance.since = now_rfc3339();
            parts_.repairs.reset(ref);
        }
        if (!entry) continue;
        entry->busy = step.claimed = true;
        ++entry->epoch;
        if (!step.goes && step.stores && step.done.error) {
            take_result(
                job, step,
                ApplyResult{{}, step.done.error, CheckResult{step.done.error, nullptr, {}}});
        }
    }
    job.inbox.state = InboxCommand::State::running;
    const auto write = [&store = parts_.journal.store(), inbox = job.inbox,
                        descriptions = std::move(descriptions), returned = std::move(returned)](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        EK_CHECK(store.put(txn, inbox));
        for (const Description& each : descriptions) EK_CHECK(store.put(txn, each));
        for (const Tombstone& each : returned) EK_CHECK(store.drop(txn, each));
        return {};
    };
    parts_.journal.commit(std::move(drafts), write, [this, id = job.inbox.id](Result<void> stored) {
        if (!stored) undo_beginning(*jobs_.at(id), stored.error());
        carry_on(id);
    });
}

// Nothing was stored, so nothing is done, and memory goes back to what the store holds.
void Engine::undo_beginning(Job& job, const Error& error) {
    for (Step& step : job.steps) {
        if (!step.goes && !step.stores && !step.drops) continue;
        const bool stored = std::exchange(step.stores, false);
        step.goes = step.drops = step.observed = false;
        step.done.outcome = wire::Outcome::failed;
        step.done.error = error;
        step.drafts.clear();
        if (!stored) continue;
        const auto before = parts_.store->description(step.request.ref);
        if (before && *before) {
            parts_.catalog.put((*before)->metadata);
        } else {
            parts_.catalog.erase(step.request.ref);
        }
    }
}

void Engine::carry_on(const std::string& id) {
    Job& job = *jobs_.at(id);
    for (;; ++job.at) {
        if (job.at == job.steps.size() && !job.noticed) {
            add_notices(job, parts_.catalog);
            for (std::size_t i = job.at; i < job.steps.size(); ++i) claim(job.steps[i]);
        }
        if (job.at == job.steps.size()) return finish(job);
        Step& step = job.steps[job.at];
        if (!step.goes) continue;
        std::optional<Error> reason;
        if (job.is_cancelled) {
            reason = Error{Errc::cancelled, "cancelled before its turn"};
        } else {
            reason = blocking_reason(job, parts_.catalog, step);
        }
        if (!reason) return launch(job, step);
        step.goes = step.drops = false;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = std::move(reason);
        // Its verdict is what the look after the job finds.
        const CatalogEntry* entry = parts_.catalog.find(step.request.ref);
        if (step.root && entry) step.done.compliance = entry->status.compliance;
    }
}

// What a notice does to its resource is no drift either.
void Engine::claim(Step& step) {
    CatalogEntry* entry = parts_.catalog.find(step.request.ref);
    if (!entry || entry->busy || !step.goes) return;
    entry->busy = step.claimed = true;
    ++entry->epoch;
}

void Engine::launch(Job& job, Step& step) {
    const wire::Ref& ref = step.request.ref;
    const std::string id = job.inbox.id;
    job.group = {job.at};
    if (!step.foreseen && !notified_by(job, step).empty()) return foresee(job, step);
    CollectionRunner* runner = parts_.registry.find(ref.collection);
    if (!runner) {
        parts_.loop.post([this, id, ref] {
            on_results(id, fail(Errc::not_found,
                                "this host has no plugin for the collection " + ref.collection));
        });
        return;
    }
    if (runner->collection().batches()) job.group = group_of(job, parts_.catalog);
    runner->run<std::vector<ApplyResult>>(
        plugin_call_for(job, step), work_of(job),
        [this, id](Result<std::vector<ApplyResult>> apply_results) {
            on_results(id, std::move(apply_results));
        });
}

PluginCall Engine::plugin_call_for(Job& job, const Step& step) {
    const wire::Ref& ref = step.request.ref;
    const std::string id = job.inbox.id;
    PluginCall plugin_call;
    plugin_call.what =
        (step.is_notice() ? step.request.action : std::string(job.inbox.verb.text())) + " of " +
        names_of(job);
    plugin_call.request_id = id;
    plugin_call.deadline_ns = job.deadline_ns;
    // One for each call: a plugin that is given up does not end the next one's.
    plugin_call.cancel = job.cancel = std::make_shared<plugin::CancelSource>();
    if (job.is_cancelled) job.cancel->cancel();
    // One run for several need not say whom it is at.
    const std::string usual = job.group.size() == 1 ? ref.id : "";
    plugin_call.progress = [this, id, ref, usual](const plugin::Progress& report) {
        parts_.journal.tell_live({wire::EventKind::command_progress,
                                  json::Object{{"command", id},
                                               {"collection", ref.collection},
                                               {"id", report.id.empty() ? usual : report.id},
                                               {"permille", report.permille},
                                               {"message", report.message}},
                                  {ref},
                                  ""});
    };
    return plugin_call;
}

// A change that makes actions due: they are on disk before it is begun, so that whenever the agent
// is killed they are not lost. What is in line already is left alone and owes nothing new.
void Engine::foresee(Job& job, Step& step) {
    const std::string id = job.inbox.id;
    CollectionRunner* runner = parts_.registry.find(step.request.ref.collection);
    if (!runner || job.inbox.verb == wire::Verb::remove) {
        return parts_.loop.post([this, id] { on_foreseen(id, std::optional<ApplyResult>()); });
    }
    runner->run<std::optional<ApplyResult>>(
        plugin_call_for(job, step),
        [description = step.description](LaneContext& lane, const plugin::Call& call) {
            return result_if_compliant(lane, description, call);
        },
        [this, id](Result<std::optional<ApplyResult>> apply_result) {
            on_foreseen(id, std::move(apply_result));
        });
}

void Engine::on_foreseen(const std::string& id, Result<std::optional<ApplyResult>> apply_result) {
    if (!apply_result) return on_results(id, fail(apply_result.error()));
    if (*apply_result) return on_results(id, std::vector{**std::move(apply_result)});
    Job& job = *jobs_.at(id);
    Step& step = job.steps[job.at];
    step.foreseen = true;
    const auto write = [&store = parts_.journal.store(),
                        pending = PendingNotifications{step.request.ref, notified_by(job, step)}](
                           store::WriteTxn& txn, const auto&) { return store.put(txn, pending); };
    parts_.journal.commit({}, write, [this, id](const Result<void>& stored) {
        if (!stored) return on_results(id, fail(stored.error()));
        Job& now = *jobs_.at(id);
        launch(now, now.steps[now.at]);
    });
}

// What we have just made and somebody is changing now is judged when he is done.
void Engine::ignore_active_writers(const wire::Ref& ref, ApplyResult& apply_result) const {
    const CatalogEntry* entry = parts_.catalog.find(ref);
    const bool made = !apply_result.error && entry && entry->metadata.policy != wire::Policy::audit;
    if (made && parts_.checker.is_unsettled(ref)) apply_result.check_result.fields.clear();
}

void Engine::on_results(const std::string& id, Result<std::vector<ApplyResult>> apply_results) {
    Job& job = *jobs_.at(id);
    for (std::size_t i = 0; i < job.group.size(); ++i) {
        Step& step = job.steps[job.group[i]];
        if (apply_results) {
            ignore_active_writers(step.request.ref, (*apply_results)[i]);
            take_result(job, step, (*apply_results)[i]);
        } else {
            take_result(
                job, step,
                ApplyResult{
                    {}, apply_results.error(), CheckResult{apply_results.error(), nullptr, {}}});
        }
    }
    job.at = job.group.back() + 1;
    carry_on(id);
}

void Engine::take_result(Job& job, Step& step, const ApplyResult& apply_result) {
    const OpenName<wire::Verb>& verb = job.inbox.verb;
    const bool is_audit = step.description.metadata.policy == wire::Policy::audit &&
                          verb != wire::Verb::invoke && !step.is_notice();
    step.done.changes = apply_result.changes;
    step.done.error = apply_result.error;
    step.done.state = apply_result.check_result.state;
    step.done.outcome = apply_result.error ? wire::Outcome::failed
                        : is_audit         ? wire::Outcome::planned
                                           : wire::Outcome::done;
    if (apply_result.error) step.drops = false;
    settle_pending(job, step);
    CatalogEntry* entry = parts_.catalog.find(step.request.ref);
    if (verb == wire::Verb::invoke || step.is_notice() || step.drops || !entry) return;
    const CollectionRunner* runner = parts_.registry.find(step.request.ref.collection);
    const std::string now = now_rfc3339();
    Assessment assessment;
    if (!runner || !runner->disabled_reason().empty()) {
        assessment = unknown(entry->status,
                             runner ? runner->verdict() : wire::UnknownReason::no_plugin, now);
    } else {
        assessment = assess(
            entry->status, apply_result.check_result,
            {step.description.metadata.policy, CheckTrigger::apply, now, true, apply_result.error});
    }
    entry->status = std::move(assessment.status);
    if (!apply_result.check_result.error) {
        entry->observed_at = now;
        entry->checked_ns = now_monotonic_ns();
    }
    step.observed = true;
    step.done.compliance = entry->status.compliance;
    if (assessment.report == ReportKind::drifted) {
        step.drafts.push_back(
            {wire::EventKind::resource_drifted,
             ComplianceTracker::data_of(*entry, {}, apply_result.check_result.state),
             {step.request.ref},
             ""});
    }
}

void Engine::settle_pending(const Job& job, Step& step) const {
    const auto& notified = notified_by(job, step);
    if (notified.empty()) return;
    step.settled = true;
    step.owed = changed(step.done.changes) ? notified
                                           : parts_.catalog.pending_for(step.description.metadata);
}

}  // namespace evenkeel::agent
