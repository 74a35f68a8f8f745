#include "core/agent/compliance/checker.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/compliance/assess.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::uint64_t kUnsettledMostNs = 60'000'000'000;
constexpr std::uint64_t kPutOffMostNs = 1'000'000'000;

}  // namespace

Checker::Checker(Catalog& catalog, CollectionRegistry& registry, ComplianceTracker& tracker,
                 run::Loop& loop, std::shared_ptr<const AgentStore> store)
    : catalog_(catalog),
      registry_(registry),
      tracker_(tracker),
      loop_(loop),
      store_(std::move(store)) {}

bool Checker::can_check(const CatalogEntry* entry) const {
    return entry && entry->metadata.policy != wire::Policy::off &&
           registry_.usable(entry->metadata.ref.collection);
}

void Checker::request(const wire::Ref& ref, CheckTrigger trigger) {
    const CatalogEntry* entry = catalog_.find(ref);
    if (!can_check(entry)) return over(ref);
    if (entry->busy) {
        deferred_.emplace(ref, trigger);
        return;
    }
    CheckTrigger& waiting = queues_[ref.collection].waiting.emplace(ref.id, trigger).first->second;
    // The first reason is the one that is reported; but an event goes before all others.
    if (trigger == CheckTrigger::event) waiting = trigger;
    pump(ref.collection);
}

void Checker::request_collection(const std::string& collection, CheckTrigger trigger) {
    for (const std::string& id : catalog_.ids_of(collection)) request({collection, id}, trigger);
}

void Checker::round(std::vector<wire::Ref> refs, CheckTrigger trigger, std::function<void()> done) {
    // Resources that cannot be checked are left out, because they would end the round while it is
    // filled.
    std::erase_if(refs, [this](const wire::Ref& ref) { return !can_check(catalog_.find(ref)); });
    if (refs.empty()) {
        loop_.post(std::move(done));
        return;
    }
    rounds_.push_back({{refs.begin(), refs.end()}, std::move(done)});
    for (const wire::Ref& ref : refs) request(ref, trigger);
}

void Checker::unsettled(const wire::Ref& ref) {
    if (can_check(catalog_.find(ref))) unsettled_.insert_or_assign(ref, now_monotonic_ns());
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
    const auto deferred = deferred_.find(ref);
    if (deferred == deferred_.end()) return;
    const CheckTrigger trigger = deferred->second;
    deferred_.erase(deferred);
    request(ref, trigger);
}

std::vector<std::string> Checker::batch_of(const std::string& collection, CheckQueue& check_queue,
                                           std::map<std::string, CheckTrigger>& triggers) {
    std::vector<std::string> ids;
    const std::uint64_t now = now_monotonic_ns();
    const auto pause_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(pause).count());
    std::uint64_t soonest = 0;
    // Two passes: what an event announced goes first.
    for (const bool events : {true, false}) {
        for (auto at = check_queue.waiting.begin();
             at != check_queue.waiting.end() && ids.size() < kBatchMost;) {
            const CatalogEntry* entry = catalog_.find({collection, at->first});
            const bool fits = (at->second == CheckTrigger::event) == events;
            if (fits && entry && events && entry->checked_ns + pause_ns > now) {
                const std::uint64_t due = entry->checked_ns + pause_ns;
                soonest = soonest == 0 ? due : std::min(soonest, due);
                ++at;
            } else if (fits) {
                ids.push_back(at->first);
                triggers.insert(*at);
                at = check_queue.waiting.erase(at);
            } else {
                ++at;
            }
        }
    }
    if (soonest != 0 && !check_queue.pause.pending()) {
        check_queue.pause = loop_.after(std::chrono::nanoseconds(soonest - now),
                                        [this, collection] { pump(collection); });
    }
    return ids;
}

void Checker::pump(const std::string& collection) {
    CheckQueue& check_queue = queues_[collection];
    if (check_queue.busy || check_queue.waiting.empty()) return;
    std::map<std::string, CheckTrigger> triggers;
    const std::vector<std::string> ids = batch_of(collection, check_queue, triggers);
    if (ids.empty()) return;
    std::map<std::string, std::uint64_t> epochs;
    std::vector<Metadata> described;
    for (const std::string& id : ids) {
        if (const CatalogEntry* entry = catalog_.find({collection, id})) {
            epochs.emplace(id, entry->epoch);
            described.push_back(entry->metadata);
        }
    }
    CollectionRunner* runner = registry_.find(collection);
    if (!runner) return;
    check_queue.busy = true;
    PluginCall plugin_call;
    plugin_call.only_reads = true;
    plugin_call.what = ids.size() == 1 ? "check of " + ids.front()
                                       : "check of " + std::to_string(ids.size()) + " resources";
    runner->run<CheckResults>(
        std::move(plugin_call),
        [store = store_, described = std::move(described)](LaneContext& lane,
                                                           const plugin::Call& call) {
            return check_all(lane, *store, described, call);
        },
        [this, collection, triggers, epochs](Result<CheckResults> check_results) {
            on_results(collection, triggers, epochs, std::move(check_results));
        });
}

void Checker::on_results(const std::string& collection,
                         const std::map<std::string, CheckTrigger>& triggers,
                         const std::map<std::string, std::uint64_t>& epochs,
                         Result<CheckResults> check_results) {
    CheckQueue& check_queue = queues_[collection];
    check_queue.busy = false;
    std::set<std::string> answered;
    if (check_results) {
        for (const auto& [id, check_result] : *check_results) {
            const auto epoch = epochs.find(id);
            if (epoch == epochs.end()) continue;
            answered.insert(id);
            take({collection, id}, triggers.at(id), epoch->second, check_result);
        }
    }
    // A resource without a result is not described any more, or its collection is out of order.
    for (const auto& [id, trigger] : triggers) {
        if (!answered.contains(id)) over({collection, id});
    }
    if (!registry_.usable(collection)) {
        for (const auto& [id, trigger] : std::exchange(check_queue.waiting, {}))
            over({collection, id});
    }
    pump(collection);
}

// Whether it was changed again while it was checked: the check may have seen an incomplete write,
// so the next one counts. A resource that changes all the time is assessed nevertheless after a
// second.
bool Checker::is_put_off(const wire::Ref& ref) {
    const auto& waiting = queues_[ref.collection].waiting;
    const auto next = waiting.find(ref.id);
    if (next == waiting.end() || next->second != CheckTrigger::event) return false;
    const std::uint64_t now = now_monotonic_ns();
    return now - delayed_.emplace(ref, now).first->second < kPutOffMostNs;
}

void Checker::take(const wire::Ref& ref, CheckTrigger trigger, std::uint64_t epoch,
                   const CheckResult& check_result) {
    CatalogEntry* entry = catalog_.find(ref);
    if (!entry) {
        delayed_.erase(ref);
        return over(ref);
    }
    if (entry->busy) {
        deferred_.emplace(ref, trigger);
        return;
    }
    if (entry->epoch != epoch) return request(ref, trigger);
    // It is checked again when it has settled.
    if (!check_result.fields.empty() && is_unsettled(ref)) return over(ref);
    if (!check_result.fields.empty() && is_put_off(ref)) {
        entry->checked_ns = now_monotonic_ns();
        return over(ref);
    }
    delayed_.erase(ref);
    tracker_.record_check(*entry, check_result, trigger);
    over(ref);
}

void Checker::over(const wire::Ref& ref) {
    // A check was requested while this one was under way: the next one counts.
    if (const auto check_queue = queues_.find(ref.collection);
        check_queue != queues_.end() && check_queue->second.waiting.contains(ref.id)) {
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
