#include <algorithm>
#include <utility>

#include "core/agent/engine.hpp"
#include "core/agent/notes.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

// The engine's third part: repairs, and the actions that are owed after them.
namespace evenkeel::agent {
namespace {

// How long an action after a repair waits for other repairs that want it too.
constexpr std::chrono::milliseconds kGather{1'000};

Deed lost(const Error& error) {
    return {{}, error, Look{error, nullptr, {}}};
}

std::vector<wire::Notice> tells_of(const Record& record) {
    if (record.head.policy != wire::Policy::enforce) return {};
    return record.head.ties.tells;
}

}  // namespace

void Engine::repair(const wire::Ref& ref) {
    auto job = std::make_unique<Job>();
    job->kind = Job::Kind::repair;
    job->inbox.id = make_id("repair");
    job->inbox.verb = "repair";
    wire::Wanted wanted;
    wanted.ref = ref;
    job->inbox.resources.push_back(std::move(wanted));
    submit(std::move(job));
}

void Engine::begin_repair(Job& job) {
    const wire::Ref ref = job.inbox.resources.front().ref;
    Record* record = parts_.book.find(ref);
    Unit* unit = parts_.units.find(ref.collection);
    const bool is_needed = record && unit && record->head.policy == wire::Policy::enforce &&
                           (record->standing.compliance.status == wire::Verdict::drifted ||
                            record->standing.compliance.status == wire::Verdict::failed);
    const std::string id = job.inbox.id;
    if (!is_needed) return leave_repair(id, ref);
    record->busy = true;
    ++record->edition;
    if (tells_of(*record).empty()) return carry_out_repair(id, ref, false);
    unit->run<std::optional<Deed>>(
        Errand("repair of " + ref.id),
        [store = parts_.store, ref](Workplace& place,
                                    const plugin::Call& call) -> std::optional<Deed> {
            const auto description = store->description(ref);
            if (!description || !*description) return std::nullopt;
            return leave_in_line(place, **description, call);
        },
        [this, id, ref](Result<std::optional<Deed>> deed) {
            if (!deed) return end_repair(id, ref, false, fail(deed.error()));
            if (*deed) return end_repair(id, ref, false, **std::move(deed));
            foresee_repair(id, ref);
        });
}

// As for a command's step: what the change will owe is on disk before it is begun.
void Engine::foresee_repair(const std::string& id, const wire::Ref& ref) {
    const Record* record = parts_.book.find(ref);
    Debt debt{ref, record ? tells_of(*record) : std::vector<wire::Notice>()};
    const auto write = [&store = parts_.journal.store(), debt = std::move(debt)](
                           store::WriteTxn& txn, const auto&) { return store.put(txn, debt); };
    parts_.journal.commit({}, write, [this, id, ref](const Result<void>& stored) {
        if (!stored) return end_repair(id, ref, false, fail(stored.error()));
        carry_out_repair(id, ref, true);
    });
}

void Engine::carry_out_repair(const std::string& id, const wire::Ref& ref, bool foreseen) {
    parts_.units.find(ref.collection)
        ->run<Deed>(
            Errand("repair of " + ref.id),
            [store = parts_.store, ref](Workplace& place, const plugin::Call& call) {
                auto description = store->description(ref);
                if (description && *description) {
                    return std::move(carry_out(place, {**description}, call).front());
                }
                return lost(description ? Error{Errc::not_found, "no description"}
                                        : description.error());
            },
            [this, id, ref, foreseen](const Result<Deed>& deed) {
                end_repair(id, ref, foreseen, deed);
            });
}

void Engine::leave_repair(const std::string& id, const wire::Ref& ref) {
    queue_.remove(id);
    jobs_.erase(id);
    parts_.repairs.on_over(ref);
    pump();
}

void Engine::end_repair(const std::string& id, const wire::Ref& ref, bool foreseen,
                        const Result<Deed>& deed) {
    leave_repair(id, ref);
    Record* record = parts_.book.find(ref);
    if (!record) return;
    record->busy = false;
    if (deed) {
        Deed done = *deed;
        forgive_writers(ref, done);
        parts_.judge.repaired(*record, done);
    } else if (parts_.units.usable(ref.collection)) {
        parts_.judge.repaired(*record, lost(deed.error()));
    }
    parts_.checker.released(ref);
    Debt debt{ref, deed && changed(deed->changes) ? tells_of(*record)
                                                  : parts_.book.owed_by(record->head)};
    parts_.book.put(debt);
    if (foreseen && debt.notices.empty()) commit_debts({}, {debt});
    if (deed && !deed->error) notify(ref);
}

// One job for each action and the sources of one collection: it waits a moment, and then behind the
// repairs that wait there, so that many of them lead to one action.
void Engine::notify(const wire::Ref& source) {
    const auto found = parts_.book.debts.find(source);
    if (found == parts_.book.debts.end()) return;
    for (const wire::Notice& notice : found->second) {
        const auto [place, is_new] = waiting_.try_emplace({source.collection, notice});
        if (!is_new) continue;
        place->second = parts_.loop.after(
            kGather, [this, from = source.collection, notice] { submit_notice(from, notice); });
    }
}

void Engine::submit_notice(const std::string& collection, const wire::Notice& notice) {
    auto job = std::make_unique<Job>();
    job->kind = Job::Kind::notice;
    job->inbox.id = make_id("notice");
    job->inbox.verb = "invoke";
    job->source = collection;
    job->collections = {collection};
    wire::Wanted wanted;
    wanted.ref = notice.ref;
    wanted.action = notice.action;
    job->inbox.resources.push_back(std::move(wanted));
    submit(std::move(job));
}

void Engine::pay_debts() {
    std::vector<wire::Ref> sources;
    for (const auto& [source, notices] : parts_.book.debts) {
        const Record* record = parts_.book.find(source);
        if (record && record->standing.compliance.status == wire::Verdict::compliant) {
            sources.push_back(source);
        }
    }
    for (const wire::Ref& source : sources) notify(source);
}

void Engine::begin_notice(Job& job) {
    const std::string id = job.inbox.id;
    const wire::Notice notice{job.inbox.resources.front().ref, job.inbox.resources.front().action};
    waiting_.erase({job.source, notice});
    std::vector<wire::Ref> sources;
    for (const auto& [source, notices] : parts_.book.debts) {
        // Others may be at work elsewhere.
        if (!job.collections.contains(source.collection)) continue;
        const Record* record = parts_.book.find(source);
        const bool is_due = record && record->standing.compliance.status != wire::Verdict::failed;
        if (is_due && std::find(notices.begin(), notices.end(), notice) != notices.end()) {
            sources.push_back(source);
        }
    }
    const auto leave = [this, id] {
        queue_.remove(id);
        jobs_.erase(id);
        pump();
    };
    if (sources.empty()) return leave();
    Record* record = parts_.book.find(notice.ref);
    Unit* unit = parts_.units.find(notice.ref.collection);
    if (!record || record->head.absent) {
        pay(sources, notice, {});
        return leave();
    }
    if (!unit || record->head.policy == wire::Policy::audit) return leave();
    record->busy = true;
    ++record->edition;
    unit->run<Deed>(
        Errand(notice.action + " of " + notice.ref.id),
        [notice](Workplace& place, const plugin::Call& call) {
            auto applied =
                place.collection->invoke(notice.ref.id, notice.action, json::Value(), call);
            return Deed{std::move(applied.changes), std::move(applied.error), {}};
        },
        [this, leave, sources, notice](const Result<Deed>& deed) {
            leave();
            end_notice(sources, notice, deed ? deed->error : std::optional<Error>(deed.error()));
        });
}

void Engine::end_notice(const std::vector<wire::Ref>& sources, const wire::Notice& notice,
                        const std::optional<Error>& error) {
    Record* record = parts_.book.find(notice.ref);
    if (record) record->busy = false;
    log::info("an action after a repair", {{"resource", text_of(notice.ref)},
                                           {"action", notice.action},
                                           {"error", error ? error->what : ""}});
    std::vector<Note> notes;
    if (record) notes.push_back(resource_notified(*record, notice.action, sources, error));
    // What has failed stays owed until its source is changed or applied again.
    if (error) {
        parts_.journal.commit(std::move(notes), {}, {});
    } else {
        pay(sources, notice, std::move(notes));
    }
    parts_.checker.released(notice.ref);
    parts_.checker.ask(notice.ref, Cause::check);
}

void Engine::pay(const std::vector<wire::Ref>& sources, const wire::Notice& notice,
                 std::vector<Note> notes) {
    std::vector<Debt> debts;
    for (const wire::Ref& source : sources) {
        const auto found = parts_.book.debts.find(source);
        if (found == parts_.book.debts.end()) continue;
        Debt debt{source, found->second};
        std::erase(debt.notices, notice);
        parts_.book.put(debt);
        debts.push_back(std::move(debt));
    }
    commit_debts(std::move(notes), debts);
}

void Engine::commit_debts(std::vector<Note> notes, const std::vector<Debt>& debts) {
    const auto write = [&store = parts_.journal.store(), debts](store::WriteTxn& txn,
                                                                const auto&) -> Result<void> {
        for (const Debt& debt : debts) EK_CHECK(store.put(txn, debt));
        return {};
    };
    parts_.journal.commit(std::move(notes), write, {});
}

}  // namespace evenkeel::agent
