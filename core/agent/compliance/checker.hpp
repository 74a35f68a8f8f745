#pragma once

#include <list>
#include <map>
#include <set>

#include "core/agent/compliance/check_queue.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

class AgentStore;
class Catalog;
class CollectionRegistry;
class ComplianceTracker;
struct CatalogEntry;

// Checks resources when there is a reason to, and passes the results to the ComplianceTracker.
// Reasons that come together are one check. At most one batch of a collection is on its lane at a
// time, so that commands need not wait long. What waits costs nothing: neither a batch nor a round
// looks at more than it takes next. What cannot be read is a result too. [loop]
class Checker {
  public:
    Checker(Catalog& catalog, CollectionRegistry& registry, ComplianceTracker& tracker,
            run::Loop& loop, std::shared_ptr<const AgentStore> store);

    // Checks one resource soon. Nothing happens when it is not described or not watched.
    void request(const wire::Ref& ref, CheckTrigger trigger);
    void request_collection(const std::string& collection, CheckTrigger trigger);
    // Checks up to `most` resources behind `at`, in the catalog's order; the last one, or an empty
    // one at the end.
    wire::Ref request_next(const wire::Ref& at, std::size_t most, CheckTrigger trigger);
    // Checks everything described, or all of one collection, and then calls `done`. It goes through
    // the catalog as it is when a resource's turn comes, some of each collection at a time.
    void round(CheckTrigger trigger, std::function<void()> done);
    void round(const std::string& collection, CheckTrigger trigger, std::function<void()> done);

    // Another program is writing `ref`: differences are ignored until settled() is called, at most
    // for a minute after it was last said.
    void unsettled(const wire::Ref& ref);
    // An empty id: all of the collection.
    void settled(const std::string& collection, const std::string& id);
    bool is_unsettled(const wire::Ref& ref) const;

    // No run works on `ref` any more: a check that was requested meanwhile is made after the
    // pause, when all that the run has announced is there.
    void released(const wire::Ref& ref);

    static constexpr std::size_t kBatchMost = 128;
    // Between two checks of the same resource because of events, for those that change all the
    // time: see CheckPace.
    std::chrono::milliseconds pause{20};

  private:
    struct Queue {
        CheckQueue waiting;
        bool busy = false;
        run::Timer pause;
    };
    struct Round {
        std::string collection;
        CheckTrigger trigger{};
        std::function<void()> done;
        std::string at;              // the last id that was requested
        std::set<std::string> left;  // requested and not checked yet
        bool through = false;        // all have been requested
    };
    // On a lane now: which, why, and at which epoch.
    struct Asked {
        std::string id;
        CheckTrigger trigger{};
        std::uint64_t epoch = 0;
    };
    using Batch = std::vector<Asked>;

    bool can_check(const CatalogEntry* entry) const;
    void enqueue(const CatalogEntry& entry, CheckTrigger trigger);
    void pump(const std::string& collection);
    void feed(const std::string& collection);
    void feed(Round& round);
    std::vector<CheckQueue::Request> take_due(const std::string& collection, Queue& queue);
    void on_results(const std::string& collection, const Batch& batch,
                    Result<CheckResults> check_results);
    bool is_put_off(const wire::Ref& ref);
    void take(const wire::Ref& ref, CheckTrigger trigger, std::uint64_t epoch,
              const CheckResult& check_result);
    void over(const wire::Ref& ref);

    Catalog& catalog_;
    CollectionRegistry& registry_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    std::shared_ptr<const AgentStore> store_;
    std::map<std::string, Queue> queues_;
    std::map<wire::Ref, CheckTrigger> deferred_;    // requested while a run works on it
    std::map<wire::Ref, std::uint64_t> unsettled_;  // when it was last said, CLOCK_MONOTONIC
    std::map<wire::Ref, std::uint64_t> delayed_;    // since when, likewise
    std::list<Round> rounds_;
};

}  // namespace evenkeel::agent
