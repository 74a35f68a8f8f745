#pragma once

#include <list>
#include <map>
#include <set>

#include "core/agent/compliance/assess.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

class AgentStore;
class Catalog;
class CollectionRegistry;
class ComplianceTracker;
struct CatalogEntry;

// Checks resources when there is a reason to, and passes the results to the ComplianceTracker.
// Reasons that come together are one check. At most one batch of a collection is on its lane at a
// time, so that commands need not wait long. A check costs a read of the resource and a parse of
// the description's body, on the lane; what cannot be read is a result too. [loop]
class Checker {
  public:
    Checker(Catalog& catalog, CollectionRegistry& registry, ComplianceTracker& tracker,
            run::Loop& loop, std::shared_ptr<const AgentStore> store);

    // Checks one resource soon. Nothing happens when it is not described or not watched.
    void request(const wire::Ref& ref, CheckTrigger trigger);
    void request_collection(const std::string& collection, CheckTrigger trigger);
    // Checks all of `refs` and then calls `done`.
    void round(std::vector<wire::Ref> refs, CheckTrigger trigger, std::function<void()> done);

    // Another program is writing `ref`: differences are ignored until settled() is called, at most
    // for a minute after it was last said.
    void unsettled(const wire::Ref& ref);
    // An empty id: all of the collection.
    void settled(const std::string& collection, const std::string& id);
    bool is_unsettled(const wire::Ref& ref) const;

    // No run works on `ref` any more: a check that was requested meanwhile is made now.
    void released(const wire::Ref& ref);

    static constexpr std::size_t kBatchMost = 64;
    // The pause between two checks of the same resource, for those that change all the time.
    std::chrono::milliseconds pause{20};

  private:
    struct CheckQueue {
        std::map<std::string, CheckTrigger> waiting;
        bool busy = false;
        run::Timer pause;
    };
    struct CheckRound {
        std::set<wire::Ref> left;
        std::function<void()> done;
    };

    bool can_check(const CatalogEntry* entry) const;
    void pump(const std::string& collection);
    std::vector<std::string> batch_of(const std::string& collection, CheckQueue& check_queue,
                                      std::map<std::string, CheckTrigger>& triggers);
    void on_results(const std::string& collection,
                    const std::map<std::string, CheckTrigger>& triggers,
                    const std::map<std::string, std::uint64_t>& epochs,
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
    std::map<std::string, CheckQueue> queues_;
    std::map<wire::Ref, CheckTrigger> deferred_;    // requested while a run works on it
    std::map<wire::Ref, std::uint64_t> unsettled_;  // when it was last said, CLOCK_MONOTONIC
    std::map<wire::Ref, std::uint64_t> delayed_;    // since when, likewise
    std::list<CheckRound> rounds_;
};

}  // namespace evenkeel::agent
