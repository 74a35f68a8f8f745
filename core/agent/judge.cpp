#include "core/agent/judge.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

using wire::Policy;
using wire::Verdict;

namespace {

// Somebody has to bring it back.
bool is_out_of_line(const Record& record) {
    const Verdict status = record.standing.compliance.status;
    return record.head.policy == Policy::enforce &&
           (status == Verdict::drifted || status == Verdict::failed);
}

}  // namespace

Judge::Judge(Book& book, Journal& journal, run::Loop& loop)
    : book_(book), journal_(journal), loop_(loop) {}

json::Value Judge::data_of(const Record& record, const std::vector<wire::Change>& changes,
                           const json::Value& state) {
    return json::Object{{"collection", record.head.ref.collection},
                        {"id", record.head.ref.id},
                        {"policy", wire::to_string(record.head.policy)},
                        {"generation", wire::encode(record.head.generation)},
                        {"compliance", wire::encode(record.standing.compliance)},
                        {"changes", wire::encode(changes)},
                        {"state", state}};
}

Observation Judge::observation_of(const Record& record, const json::Value& state) {
    return {record.head.ref, record.standing, state, record.observed_at,
            record.head.policy == Policy::enforce &&
                record.standing.compliance.status == Verdict::drifted};
}

json::Value Judge::known_state(const wire::Ref& ref) const {
    const auto observation = journal_.store().observation(ref);
    return observation && *observation ? (*observation)->state : json::Value();
}

void Judge::seen(Record& record, const Look& look, Cause cause) {
    Circumstances around{record.head.policy, cause, now_rfc3339(), false, std::nullopt};
    // The process before this one had begun to repair: what is in line now is its work.
    around.by_us = std::exchange(record.repairing, false);
    if (look.error && look.error->code == Errc::stale) {
        log::info("a resource cannot be judged", {{"collection", record.head.ref.collection},
                                                  {"id", record.head.ref.id},
                                                  {"why", look.error->what}});
    } else if (look.error) {
        log::warning("cannot check a resource", {{"collection", record.head.ref.collection},
                                                 {"id", record.head.ref.id},
                                                 {"why", look.error->what}});
    } else {
        record.observed_at = around.now;
        record.checked_ns = now_monotonic_ns();
    }
    const Verdict before = record.standing.compliance.status;
    const std::size_t state_before = record.standing.state_hash;
    Judgement judgement = judge(record.standing, look, around);
    if (judgement.news == News::drifted && cause == Cause::sweep) ++found_by_sweep_;
    if (judgement.news == News::observed && before == Verdict::compliant) {
        judgement.news = News::none;
        changed_states_.insert(record.head.ref);
        if (!changed_timer_.pending()) {
            changed_timer_ =
                loop_.after(std::chrono::seconds(1), [this] { tell_changed_states(); });
        }
    }
    if (judgement.news == News::none && judgement.standing.state_hash == state_before) {
        record.standing = std::move(judgement.standing);
        if (is_out_of_line(record) && on_out_of_line) on_out_of_line(record.head.ref);
        return;
    }
    const json::Value state = look.error ? known_state(record.head.ref) : look.state;
    settle(record, std::move(judgement), {}, state);
}

void Judge::repaired(Record& record, const Deed& deed) {
    Circumstances around{record.head.policy, Cause::apply, now_rfc3339(), !deed.changes.empty(),
                         deed.error};
    if (!deed.look.error) {
        record.observed_at = around.now;
        record.checked_ns = now_monotonic_ns();
    }
    settle(record, judge(record.standing, deed.look, around), deed.changes, deed.look.state);
}

void Judge::give_up(Record& record, const std::string& reason) {
    Judgement judgement{record.standing, News::failed};
    wire::Compliance& compliance = judgement.standing.compliance;
    if (compliance.status == Verdict::failed && compliance.reason == reason) return;
    if (compliance.status != Verdict::failed) compliance.since = now_rfc3339();
    compliance.status = Verdict::failed;
    compliance.reason = reason;
    judgement.standing.open = true;
    settle(record, std::move(judgement), {}, known_state(record.head.ref));
}

void Judge::unknown(Record& record, std::string_view reason) {
    Judgement judgement = agent::unknown(record.standing, reason, now_rfc3339());
    if (judgement.news == News::none) return;
    settle(record, std::move(judgement), {}, known_state(record.head.ref));
}

void Judge::unknown_all(const std::string& collection, std::string_view reason) {
    for (const std::string& id : book_.ids_of(collection)) {
        Record* record = book_.find({collection, id});
        if (record->head.policy != Policy::off) unknown(*record, reason);
    }
}

void Judge::settle(Record& record, Judgement judgement, const std::vector<wire::Change>& changes,
                   const json::Value& state) {
    record.standing = std::move(judgement.standing);
    std::vector<Note> notes;
    if (judgement.news != News::none) {
        changed_states_.erase(record.head.ref);
        notes.push_back({std::string(kind_of(judgement.news)),
                         data_of(record, changes, state),
                         {record.head.ref},
                         ""});
    }
    const auto write = [&store = journal_.store(), observation = observation_of(record, state)](
                           store::WriteTxn& txn, const auto&) {
        return store.put(txn, observation);
    };
    journal_.commit(
        std::move(notes), write,
        [this, needed = is_out_of_line(record), ref = record.head.ref](const Result<void>&) {
            const auto& next = needed ? on_out_of_line : on_settled;
            if (next) next(ref);
        });
}

Note Judge::present(const Record& record) const {
    return {"resource.observed",
            data_of(record, {}, known_state(record.head.ref)),
            {record.head.ref},
            ""};
}

void Judge::tell_changed_states() {
    std::vector<Note> notes;
    for (const wire::Ref& ref : std::exchange(changed_states_, {})) {
        if (const Record* record = book_.find(ref)) notes.push_back(present(*record));
    }
    if (!notes.empty()) journal_.commit(std::move(notes), {}, {});
}

}  // namespace evenkeel::agent
