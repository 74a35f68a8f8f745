#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/flap_limit.hpp"
#include "core/agent/runs/undo_log.hpp"
#include "core/run/backoff.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Decides when a resource under `enforce` is repaired: after a drift at once, unless the drift
// keeps coming back (FlapLimit), and then says whose change undoes it, if one does (UndoLog); after
// a failure with growing pauses. [loop]
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
    // Its repair has ended, and its verdict is in the catalog.
    void on_over(const wire::Ref& ref);
    // A repair or a command has changed it.
    void on_changed(const wire::Ref& ref) { undo_log_.on_changed(ref); }
    // A change of it failed, and its plugin wants it left alone for so long.
    void leave_alone(const wire::Ref& ref, std::chrono::milliseconds pause);
    // The description was changed or removed: repairs are counted from zero.
    void reset(const wire::Ref& ref);

  private:
    // Of one resource.
    struct History {
        FlapLimit flap;
        run::Backoff backoff;
        run::Timer timer;
        bool running = false;
        std::int64_t not_before_ms = 0;  // CLOCK_MONOTONIC
    };
    bool is_blocking(const CatalogEntry& entry) const;
    bool is_blocked(const CatalogEntry& entry) const;
    History& history_of(const wire::Ref& ref);
    void begin(const wire::Ref& ref);
    std::chrono::milliseconds wait_before(History& history, CatalogEntry& entry);
    std::string reason_to_stop(const FlapLimit::Stop& stop, const wire::Ref& ref) const;
    void forget_failures(const wire::Ref& ref);

    Catalog& catalog_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    Options options_;
    std::map<wire::Ref, History> histories_;
    UndoLog undo_log_;
};

}  // namespace evenkeel::agent
