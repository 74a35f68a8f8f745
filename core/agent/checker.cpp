#include "core/agent/checker.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::uint64_t kUnsettledMostNs = 60'000'000'000;
constexpr std::uint64_t kPutOffMostNs = 1'000'000'000;

}  // namespace

Checker::Checker(Book& book, Units& units, Judge& judge, run::Loop& loop,
                 std::shared_ptr<const AgentStore> store)
    : book_(book), units_(units), judge_(judge), loop_(loop), store_(std::move(store)) {}

bool Checker::can_check(const Record* record) const {
    return record && record->head.policy != wire::Policy::off &&
           units_.usable(record->head.ref.collection);
}

void Checker::ask(const wire::Ref& ref, Cause cause) {
    const Record* record = book_.find(ref);
    if (!can_check(record)) return over(ref);
    if (record->busy) {
        held_.emplace(ref, cause);
        return;
    }
    Cause& waiting = lots_[ref.collection].waiting.emplace(ref.id, cause).first->second;
    // Who announced it first is told as the one who saw it; an event goes before all others.
    if (cause == Cause::event) waiting = cause;
    pump(ref.collection);
}

void Checker::ask_collection(const std::string& collection, Cause cause) {
    for (const std::string& id : book_.ids_of(collection)) ask({collection, id}, cause);
}

void Checker::round(std::vector<wire::Ref> refs, Cause cause, std::function<void()> done) {
    // Those that cannot be looked at would end the round while it is filled: they do it here.
    std::erase_if(refs, [this](const wire::Ref& ref) { return !can_check(book_.find(ref)); });
    if (refs.empty()) {
        loop_.post(std::move(done));
        return;
    }
    rounds_.push_back({{refs.begin(), refs.end()}, std::move(done)});
    for (const wire::Ref& ref : refs) ask(ref, cause);
}

void Checker::unsettled(const wire::Ref& ref) {
    if (can_check(book_.find(ref))) unsettled_.emplace(ref, now_monotonic_ns());
}

void Checker::settled(const std::string& collection, const std::string& id) {
    if (!id.empty()) {
        unsettled_.erase({collection, id});
        return;
    }
    std::erase_if(unsettled_,
                  [&](const auto& entry) { return entry.first.collection == collection; });
}

bool Checker::is_unsettled(const wire::Ref& ref) const {
    const auto since = unsettled_.find(ref);
    return since != unsettled_.end() && now_monotonic_ns() - since->second < kUnsettledMostNs;
}

void Checker::released(const wire::Ref& ref) {
    const auto held = held_.find(ref);
    if (held == held_.end()) return;
    const Cause cause = held->second;
    held_.erase(held);
    ask(ref, cause);
}

std::vector<std::string> Checker::batch_of(const std::string& collection, Lot& lot,
                                           std::map<std::string, Cause>& causes) {
    std::vector<std::string> ids;
    const std::uint64_t now = now_monotonic_ns();
    const auto pause_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(pause).count());
    std::uint64_t soonest = 0;
    // Two passes: what an event announced goes first.
    for (const bool events : {true, false}) {
        for (auto at = lot.waiting.begin(); at != lot.waiting.end() && ids.size() < kBatchMost;) {
            const Record* record = book_.find({collection, at->first});
            const bool fits = (at->second == Cause::event) == events;
            if (fits && record && events && record->checked_ns + pause_ns > now) {
                const std::uint64_t due = record->checked_ns + pause_ns;
                soonest = soonest == 0 ? due : std::min(soonest, due);
                ++at;
            } else if (fits) {
                ids.push_back(at->first);
                causes.insert(*at);
                at = lot.waiting.erase(at);
            } else {
                ++at;
            }
        }
    }
    if (soonest != 0 && !lot.pause.pending()) {
        lot.pause = loop_.after(std::chrono::nanoseconds(soonest - now),
                                [this, collection] { pump(collection); });
    }
    return ids;
}

void Checker::pump(const std::string& collection) {
    Lot& lot = lots_[collection];
    if (lot.busy || lot.waiting.empty()) return;
    std::map<std::string, Cause> causes;
    const std::vector<std::string> ids = batch_of(collection, lot, causes);
    if (ids.empty()) return;
    std::map<std::string, std::uint64_t> editions;
    for (const std::string& id : ids) {
        if (const Record* record = book_.find({collection, id})) {
            editions.emplace(id, record->edition);
        }
    }
    Unit* unit = units_.find(collection);
    if (!unit) return;
    lot.busy = true;
    Errand errand;
    errand.only_reads = true;
    errand.what = ids.size() == 1 ? "check of " + ids.front()
                                  : "check of " + std::to_string(ids.size()) + " resources";
    unit->run<Looks>(
        std::move(errand),
        [store = store_, ids](Workplace& place, const plugin::Call& call) {
            return look_at_all(place, *store, ids, call);
        },
        [this, collection, causes, editions](Result<Looks> looks) {
            on_looks(collection, causes, editions, std::move(looks));
        });
}

void Checker::on_looks(const std::string& collection, const std::map<std::string, Cause>& causes,
                       const std::map<std::string, std::uint64_t>& editions, Result<Looks> looks) {
    Lot& lot = lots_[collection];
    lot.busy = false;
    std::set<std::string> answered;
    if (looks) {
        for (const auto& [id, look] : *looks) {
            const auto edition = editions.find(id);
            if (edition == editions.end()) continue;
            answered.insert(id);
            take({collection, id}, causes.at(id), edition->second, look);
        }
    }
    // What has no answer is not described any more, or its collection is out of order.
    for (const auto& [id, cause] : causes) {
        if (!answered.contains(id)) over({collection, id});
    }
    if (!units_.usable(collection)) {
        for (const auto& [id, cause] : std::exchange(lot.waiting, {})) over({collection, id});
    }
    pump(collection);
}

// Whether it was changed again while it was looked at: what was seen may be the middle of a write,
// and the next look counts. One that never rests is judged all the same after a second.
bool Checker::is_put_off(const wire::Ref& ref) {
    const auto& waiting = lots_[ref.collection].waiting;
    const auto next = waiting.find(ref.id);
    if (next == waiting.end() || next->second != Cause::event) return false;
    const std::uint64_t now = now_monotonic_ns();
    return now - put_off_.emplace(ref, now).first->second < kPutOffMostNs;
}

void Checker::take(const wire::Ref& ref, Cause cause, std::uint64_t edition, const Look& look) {
    Record* record = book_.find(ref);
    if (!record) {
        put_off_.erase(ref);
        return over(ref);
    }
    if (record->busy) {
        held_.emplace(ref, cause);
        return;
    }
    if (record->edition != edition) return ask(ref, cause);
    // It is looked at again when it has settled.
    if (!look.fields.empty() && is_unsettled(ref)) return over(ref);
    if (!look.fields.empty() && is_put_off(ref)) {
        record->checked_ns = now_monotonic_ns();
        return over(ref);
    }
    put_off_.erase(ref);
    judge_.seen(*record, look, cause);
    over(ref);
}

void Checker::over(const wire::Ref& ref) {
    // Asked again while the look was under way: the next one counts.
    if (const auto lot = lots_.find(ref.collection);
        lot != lots_.end() && lot->second.waiting.contains(ref.id)) {
        return;
    }
    for (auto round = rounds_.begin(); round != rounds_.end();) {
        round->left.erase(ref);
        if (!round->left.empty()) {
            ++round;
            continue;
        }
        loop_.post(std::move(round->done));
        round = rounds_.erase(round);
    }
}

}  // namespace evenkeel::agent
