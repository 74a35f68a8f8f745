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
    if (!can_check(entry)) {
        over(ref);
        return feed(ref.collection);
    }
    enqueue(*entry, trigger);
    pump(ref.collection);
}

void Checker::request_collection(const std::string& collection, CheckTrigger trigger) {
    for (const std::string& id : catalog_.ids_of(collection)) request({collection, id}, trigger);
}

wire::Ref Checker::request_next(const wire::Ref& at, std::size_t most, CheckTrigger trigger) {
    wire::Ref last;
    std::set<std::string> collections;
    auto next = catalog_.after(at);
    for (; most > 0 && next != catalog_.end(); --most, ++next) {
        const auto& [ref, entry] = *next;
        last = *ref;
        if (can_check(&entry)) collections.insert(ref->collection), enqueue(entry, trigger);
    }
    for (const std::string& collection : collections) pump(collection);
    return next == catalog_.end() ? wire::Ref{} : last;
}

// Requires can_check().
void Checker::enqueue(const CatalogEntry& entry, CheckTrigger trigger) {
    const wire::Ref& ref = entry.metadata.ref;
    if (entry.busy) {
        deferred_.emplace(ref, trigger);
        return;
    }
    queues_[ref.collection].waiting.add(ref.id, trigger, entry.pace.due_ns(pause));
}

void Checker::round(CheckTrigger trigger, std::function<void()> done) {
    std::set<std::string> collections;
    for (const auto& [name, runner] : registry_) collections.insert(name);
    if (collections.empty()) return loop_.post(std::move(done));
    // A slow collection does not make the others wait.
    auto left = std::make_shared<std::size_t>(collections.size());
    for (const std::string& collection : collections) {
        round(collection, trigger, [left, done] {
            if (--*left == 0) done();
        });
    }
}

void Checker::round(const std::string& collection, CheckTrigger trigger,
                    std::function<void()> done) {
    rounds_.push_back({collection, trigger, std::move(done), {}, {}, false});
    feed(collection);
}

// Requests the next ones of each round, as many as one batch takes, and ends those that are over.
void Checker::feed(const std::string& collection) {
    for (auto round = rounds_.begin(); round != rounds_.end();) {
        if (round->collection == collection) feed(*round);
        if (!round->through || !round->left.empty()) {
            ++round;
            continue;
        }
        loop_.post(std::move(round->done));
        round = rounds_.erase(round);
    }
    pump(collection);
}

void Checker::feed(Round& round) {
    // Those that wait for a run do not hold the others up.
    const std::size_t most = kBatchMost + deferred_.size();
    if (round.through || round.left.size() >= most) return;
    auto next = catalog_.after({round.collection, round.at});
    for (; round.left.size() < most; ++next) {
        round.through = next == catalog_.end() || next->first->collection != round.collection;
        if (round.through) return;
        const auto& [ref, entry] = *next;
        round.at = ref->id;
        if (!can_check(&entry)) continue;
        round.left.insert(ref->id);
        enqueue(entry, round.trigger);
    }
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
    if (CatalogEntry* entry = catalog_.find(ref)) entry->pace.rest(now_monotonic_ns(), pause);
    const auto deferred = deferred_.find(ref);
    if (deferred == deferred_.end()) return;
    const CheckTrigger trigger = deferred->second;
    deferred_.erase(deferred);
    request(ref, trigger);
}

std::vector<CheckQueue::Request> Checker::take_due(const std::string& collection, Queue& queue) {
    const std::uint64_t now = now_monotonic_ns();
    auto taken = queue.waiting.take(kBatchMost, now, [&](const std::string& id) {
        const CatalogEntry* entry = catalog_.find({collection, id});
        return entry ? entry->pace.due_ns(pause) : 0;
    });
    const std::uint64_t next = queue.waiting.next_due();
    if (next > now) {
        queue.pause = loop_.after(std::chrono::nanoseconds(next - now),
                                  [this, collection] { pump(collection); });
    }
    return taken;
}

void Checker::pump(const std::string& collection) {
    Queue& queue = queues_[collection];
    if (queue.busy || queue.waiting.empty()) return;
    CollectionRunner* runner = registry_.find(collection);
    if (!runner) return;
    auto batch = std::make_shared<Batch>();
    std::vector<CheckRequest> requests;
    auto taken = take_due(collection, queue);
    for (auto& [id, trigger] : taken) {
        CatalogEntry* entry = catalog_.find({collection, id});
        if (!entry) {
            over({collection, id});
            continue;
        }
        if (trigger == CheckTrigger::event) entry->pace.spend(now_monotonic_ns(), pause);
        requests.push_back({id, entry->metadata.absent, entry->metadata.left_secret,
                            tracker_.known_stamp(*entry)});
        batch->push_back({std::move(id), trigger, entry->epoch});
    }
    // All of them are gone.
    if (batch->empty()) return taken.empty() ? void() : feed(collection);
    queue.busy = true;
    PluginCall plugin_call;
    plugin_call.only_reads = true;
    plugin_call.what = batch->size() == 1
                           ? "check of " + batch->front().id
                           : "check of " + std::to_string(batch->size()) + " resources";
    runner->run<CheckResults>(
        std::move(plugin_call),
        [store = store_, requests = std::move(requests)](LaneContext& lane,
                                                         const plugin::Call& call) {
            return check_all(lane, *store, requests, call);
        },
        [this, collection, batch](Result<CheckResults> check_results) {
            on_results(collection, *batch, std::move(check_results));
        });
}

void Checker::on_results(const std::string& collection, const Batch& batch,
                         Result<CheckResults> check_results) {
    Queue& queue = queues_[collection];
    queue.busy = false;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Asked& asked = batch[i];
        // Without a result it is not described any more, or its collection is out of order.
        if (!check_results || !(*check_results)[i]) {
            over({collection, asked.id});
            continue;
        }
        take({collection, asked.id}, asked.trigger, asked.epoch, *(*check_results)[i]);
    }
    if (!registry_.usable(collection)) {
        for (const std::string& id : queue.waiting.clear()) over({collection, id});
    }
    feed(collection);
}

// Whether it was changed again while it was checked: the check may have seen an incomplete write,
// so the next one counts. A resource that changes all the time is assessed nevertheless after a
// second.
bool Checker::is_put_off(const wire::Ref& ref) {
    if (!queues_[ref.collection].waiting.announced(ref.id)) return false;
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
    // The verdict to which the stamp belonged has gone meanwhile.
    if (check_result.unchanged && tracker_.known_stamp(*entry).empty()) {
        entry->stamp.clear();
        return request(ref, trigger);
    }
    // It is checked again when it has settled.
    if (!check_result.fields.empty() && is_unsettled(ref)) return over(ref);
    if (!check_result.fields.empty() && is_put_off(ref)) return over(ref);
    delayed_.erase(ref);
    tracker_.record_check(*entry, check_result, trigger);
    over(ref);
}

void Checker::over(const wire::Ref& ref) {
    // A check was requested while this one was under way: the next one counts.
    if (const auto queue = queues_.find(ref.collection);
        queue != queues_.end() && queue->second.waiting.contains(ref.id)) {
        return;
    }
    for (Round& round : rounds_) {
        if (round.collection == ref.collection) round.left.erase(ref.id);
    }
}

}  // namespace evenkeel::agent
