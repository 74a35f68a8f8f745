#pragma once

#include <chrono>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Checks everything again from time to time, watched or not, at intervals that machines
// started together do not share; and calls verdicts stale that nobody could renew for three of
// them. [loop]
class Sweep {
  public:
    Sweep(Catalog& catalog, Checker& checker, ComplianceTracker& tracker, run::Loop& loop,
          std::chrono::milliseconds interval);

    void start();

  private:
    void plan();
    void run();
    void look_for_stale();

    Catalog& catalog_;
    Checker& checker_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    std::chrono::milliseconds interval_;
    run::Timer next_;
    run::Timer stale_;
};

}  // namespace evenkeel::agent
