#include "core/agent/engine.hpp"

#include <utility>

#include "core/agent/notes.hpp"
#include "core/agent/ordering.hpp"
#include "core/agent/prepare.hpp"
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
    for (const wire::Wanted& wanted : job.inbox.resources) {
        Step step;
        step.wanted = wanted;
        step.goes = false;
        step.done.ref = wanted.ref;
        step.done.action = wanted.action;
        step.done.generation = wanted.generation;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = Error{code, why};
        job.steps.push_back(std::move(step));
    }
}

using Work = std::function<std::vector<Deed>(Workplace&, const plugin::Call&)>;

// What the lane does for the steps of the job's group.
Work work_of(const Job& job) {
    const Step& first = job.steps[job.at];
    if (job.inbox.verb == "invoke" || first.is_notice()) {
        return [wanted = first.wanted](Workplace& place, const plugin::Call& call) {
            auto applied =
                place.collection->invoke(wanted.ref.id, wanted.action, wanted.arguments, call);
            return std::vector{Deed{std::move(applied.changes), std::move(applied.error),
                                    Look{std::nullopt, std::move(applied.state), {}}}};
        };
    }
    if (job.inbox.verb == "remove") {
        return [description = first.description](Workplace& place, const plugin::Call& call) {
            return std::vector{take_away(place, description, call)};
        };
    }
    return [all = descriptions_of(job)](Workplace& place, const plugin::Call& call) {
        return carry_out(place, all, call);
    };
}

}  // namespace

// A local administrator takes a resource over, or the orchestrator does.
Note Engine::change_of_owner(const Job& job, const Record& before, const Step& step) const {
    if (job.is_local()) {
        return description_forgotten(before.head.ref, before.head.generation, before.head.origin,
                                     "detached");
    }
    Record after = before;
    after.head = step.description.head;
    return description_changed(after, step.description.body, nullptr, "replaced");
}

Engine::Engine(Parts parts) : parts_(std::move(parts)) {}

void Engine::submit(std::unique_ptr<Job> job) {
    const std::string id = job->inbox.id;
    job->collections = collections_of(*job, parts_.book);
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
        job.ends = "expired";
        skip_all(job, Errc::timeout, "its time was up before it could begin");
        return finish(job);
    }
    prepare_all(job);
    if (!job.is_local()) {
        parts_.journal.tell_live(
            {"command.running", json::Object{{"command", job.inbox.id}}, {}, ""});
    }
    store_beginning(job);
}

void Engine::prepare_all(Job& job) const {
    for (const wire::Wanted& wanted : job.inbox.resources) {
        job.steps.push_back(prepare(job, wanted, parts_.book, parts_.units, *parts_.store));
    }
    arrange(job);
}

void Engine::store_beginning(Job& job) {
    std::vector<Note> notes;
    std::vector<Description> descriptions;
    std::vector<Removal> returned;
    for (Step& step : job.steps) {
        const wire::Ref& ref = step.wanted.ref;
        if (!step.goes && !step.stores && !step.drops) continue;
        Record* record = parts_.book.find(ref);
        if (step.stores) {
            if (record && record->head.origin != job.inbox.origin) {
                (job.is_local() ? notes : step.notes)
                    .push_back(change_of_owner(job, *record, step));
            }
            if (const auto gone = parts_.book.removals.find(ref);
                gone != parts_.book.removals.end()) {
                returned.push_back({ref, gone->second});
                parts_.book.removals.erase(gone);
            }
            descriptions.push_back(step.description);
            record = &parts_.book.put(step.description.head);
            record->standing = Standing{};
            record->standing.compliance.since = now_rfc3339();
            parts_.repairs.reset(ref);
        }
        if (!record) continue;
        record->busy = step.claimed = true;
        ++record->edition;
        if (!step.goes && step.stores && step.done.error) {
            take_deed(job, step, Deed{{}, step.done.error, Look{step.done.error, nullptr, {}}});
        }
    }
    job.inbox.state = Inbox::State::running;
    const auto write = [&store = parts_.journal.store(), inbox = job.inbox,
                        descriptions = std::move(descriptions), returned = std::move(returned)](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        EK_CHECK(store.put(txn, inbox));
        for (const Description& each : descriptions) EK_CHECK(store.put(txn, each));
        for (const Removal& each : returned) EK_CHECK(store.drop(txn, each));
        return {};
    };
    parts_.journal.commit(std::move(notes), write, [this, id = job.inbox.id](Result<void> stored) {
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
        step.notes.clear();
        if (!stored) continue;
        const auto before = parts_.store->description(step.wanted.ref);
        if (before && *before) {
            parts_.book.put((*before)->head);
        } else {
            parts_.book.erase(step.wanted.ref);
        }
    }
}

void Engine::carry_on(const std::string& id) {
    Job& job = *jobs_.at(id);
    for (;; ++job.at) {
        if (job.at == job.steps.size() && !job.noticed) {
            add_notices(job, parts_.book);
            for (std::size_t i = job.at; i < job.steps.size(); ++i) claim(job.steps[i]);
        }
        if (job.at == job.steps.size()) return finish(job);
        Step& step = job.steps[job.at];
        if (!step.goes) continue;
        std::optional<Error> reason;
        if (job.is_cancelled) {
            reason = Error{Errc::cancelled, "cancelled before its turn"};
        } else {
            reason = hindrance(job, parts_.book, step);
        }
        if (!reason) return launch(job, step);
        step.goes = step.drops = false;
        step.done.outcome = wire::Outcome::skipped;
        step.done.error = std::move(reason);
        // Its verdict is what the look after the job finds.
        const Record* record = parts_.book.find(step.wanted.ref);
        if (step.root && record) step.done.compliance = record->standing.compliance;
    }
}

// What a notice does to its resource is no drift either.
void Engine::claim(Step& step) {
    Record* record = parts_.book.find(step.wanted.ref);
    if (!record || record->busy || !step.goes) return;
    record->busy = step.claimed = true;
    ++record->edition;
}

void Engine::launch(Job& job, Step& step) {
    const wire::Ref& ref = step.wanted.ref;
    const std::string id = job.inbox.id;
    job.group = {job.at};
    if (!step.foreseen && !tells_of(job, step).empty()) return foresee(job, step);
    Unit* unit = parts_.units.find(ref.collection);
    if (!unit) {
        parts_.loop.post([this, id, ref] {
            on_deeds(id, fail(Errc::not_found,
                              "this host has no plugin for the collection " + ref.collection));
        });
        return;
    }
    if (unit->collection().batches()) job.group = group_of(job, parts_.book);
    unit->run<std::vector<Deed>>(
        errand_for(job, step), work_of(job),
        [this, id](Result<std::vector<Deed>> deeds) { on_deeds(id, std::move(deeds)); });
}

Errand Engine::errand_for(Job& job, const Step& step) {
    const wire::Ref& ref = step.wanted.ref;
    const std::string id = job.inbox.id;
    Errand errand;
    errand.what = (step.is_notice() ? step.wanted.action : job.inbox.verb) + " of " + names_of(job);
    errand.request_id = id;
    errand.deadline_ns = job.deadline_ns;
    // One for each call: a plugin that is given up does not end the next one's.
    errand.cancel = job.cancel = std::make_shared<plugin::CancelSource>();
    if (job.is_cancelled) job.cancel->cancel();
    // One run for several need not say whom it is at.
    const std::string usual = job.group.size() == 1 ? ref.id : "";
    errand.progress = [this, id, ref, usual](const plugin::Progress& news) {
        parts_.journal.tell_live({"command.progress",
                                  json::Object{{"command", id},
                                               {"collection", ref.collection},
                                               {"id", news.id.empty() ? usual : news.id},
                                               {"permille", news.permille},
                                               {"message", news.message}},
                                  {ref},
                                  ""});
    };
    return errand;
}

// A change that makes actions due: they are on disk before it is begun, so that whenever the agent
// is killed they are not lost. What is in line already is left alone and owes nothing new.
void Engine::foresee(Job& job, Step& step) {
    const std::string id = job.inbox.id;
    Unit* unit = parts_.units.find(step.wanted.ref.collection);
    if (!unit || job.inbox.verb == "remove") {
        return parts_.loop.post([this, id] { on_foreseen(id, std::optional<Deed>()); });
    }
    unit->run<std::optional<Deed>>(
        errand_for(job, step),
        [description = step.description](Workplace& place, const plugin::Call& call) {
            return leave_in_line(place, description, call);
        },
        [this, id](Result<std::optional<Deed>> deed) { on_foreseen(id, std::move(deed)); });
}

void Engine::on_foreseen(const std::string& id, Result<std::optional<Deed>> deed) {
    if (!deed) return on_deeds(id, fail(deed.error()));
    if (*deed) return on_deeds(id, std::vector{**std::move(deed)});
    Job& job = *jobs_.at(id);
    Step& step = job.steps[job.at];
    step.foreseen = true;
    const auto write = [&store = parts_.journal.store(),
                        debt = Debt{step.wanted.ref, tells_of(job, step)}](
                           store::WriteTxn& txn, const auto&) { return store.put(txn, debt); };
    parts_.journal.commit({}, write, [this, id](const Result<void>& stored) {
        if (!stored) return on_deeds(id, fail(stored.error()));
        Job& now = *jobs_.at(id);
        launch(now, now.steps[now.at]);
    });
}

// What we have just made and somebody is changing now is judged when he is done.
void Engine::forgive_writers(const wire::Ref& ref, Deed& deed) const {
    const Record* record = parts_.book.find(ref);
    const bool made = !deed.error && record && record->head.policy != wire::Policy::audit;
    if (made && parts_.checker.is_unsettled(ref)) deed.look.fields.clear();
}

void Engine::on_deeds(const std::string& id, Result<std::vector<Deed>> deeds) {
    Job& job = *jobs_.at(id);
    for (std::size_t i = 0; i < job.group.size(); ++i) {
        Step& step = job.steps[job.group[i]];
        if (deeds) {
            forgive_writers(step.wanted.ref, (*deeds)[i]);
            take_deed(job, step, (*deeds)[i]);
        } else {
            take_deed(job, step, Deed{{}, deeds.error(), Look{deeds.error(), nullptr, {}}});
        }
    }
    job.at = job.group.back() + 1;
    carry_on(id);
}

void Engine::take_deed(Job& job, Step& step, const Deed& deed) {
    const std::string& verb = job.inbox.verb;
    const bool is_audit = step.description.head.policy == wire::Policy::audit && verb != "invoke" &&
                          !step.is_notice();
    step.done.changes = deed.changes;
    step.done.error = deed.error;
    step.done.state = deed.look.state;
    step.done.outcome = deed.error ? wire::Outcome::failed
                        : is_audit ? wire::Outcome::planned
                                   : wire::Outcome::done;
    if (deed.error) step.drops = false;
    settle_debt(job, step);
    Record* record = parts_.book.find(step.wanted.ref);
    if (verb == "invoke" || step.is_notice() || step.drops || !record) return;
    const Unit* unit = parts_.units.find(step.wanted.ref.collection);
    const std::string now = now_rfc3339();
    Judgement judgement;
    if (!unit || !unit->out_of_order().empty()) {
        judgement = unknown(record->standing, unit ? unit->verdict() : "no_plugin", now);
    } else {
        judgement = judge(record->standing, deed.look,
                          {step.description.head.policy, Cause::apply, now, true, deed.error});
    }
    record->standing = std::move(judgement.standing);
    if (!deed.look.error) {
        record->observed_at = now;
        record->checked_ns = now_monotonic_ns();
    }
    step.observed = true;
    step.done.compliance = record->standing.compliance;
    if (judgement.news == News::drifted) {
        step.notes.push_back({std::string(kind_of(judgement.news)),
                              Judge::data_of(*record, {}, deed.look.state),
                              {step.wanted.ref},
                              ""});
    }
}

void Engine::settle_debt(const Job& job, Step& step) const {
    const auto& tells = tells_of(job, step);
    if (tells.empty()) return;
    step.settled = true;
    step.owed = changed(step.done.changes) ? tells : parts_.book.owed_by(step.description.head);
}

}  // namespace evenkeel::agent
