#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/flap_limit.hpp"
#include "core/run/backoff.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Decides when a resource under `enforce` is repaired: after a drift at once, unless the drift
// keeps coming back (FlapLimit); after a failure with growing pauses. [loop]
class RepairScheduler {
  public:
    struct Options {
        bool repairs = true;  // else nothing is repaired
        FlapLimit::Options flap;
        std::chrono::milliseconds retry_base{1'000};
        std::chrono::milliseconds retry_cap{300'000};
    };

    RepairScheduler(Catalog& catalog, ComplianceTracker& tracker, run::Loop& loop, Options options);

    // Queues the repair; on_over() is called when it has ended or was not needed any more.
    std::function<void(const wire::Ref&)> start;

    // The resource is not as described. Nothing happens while something that it requires has failed
    // or is to be repaired itself.
    void need(const wire::Ref& ref);
    // The resource may be compliant again: repairs what requires it and has waited for it.
    void wake(const wire::Ref& ref);
    void on_over(const wire::Ref& ref);
    // The description was changed or removed: repairs are counted from zero.
    void reset(const wire::Ref& ref) { histories_.erase(ref); }

  private:
    // Of one resource.
    struct History {
        FlapLimit flap;
        run::Backoff backoff;
        run::Timer timer;
        bool running = false;
    };
    bool is_blocking(const CatalogEntry& entry) const;
    bool is_blocked(const CatalogEntry& entry) const;
    History& history_of(const wire::Ref& ref);
    void begin(const wire::Ref& ref);
    std::chrono::milliseconds wait_before(History& history, CatalogEntry& entry);

    Catalog& catalog_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    Options options_;
    std::map<wire::Ref, History> histories_;
};

}  // namespace evenkeel::agent
