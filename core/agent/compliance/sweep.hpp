#pragma once

#include "core/run/loop.hpp"

namespace evenkeel::agent {

class Catalog;
class Checker;
class ComplianceTracker;

// Checks everything again from time to time, watched or not, at intervals that machines started
// together do not share; and marks verdicts as stale that could not be renewed for three intervals.
// [loop]
class Sweep {
  public:
    Sweep(Catalog& catalog, Checker& checker, ComplianceTracker& tracker, run::Loop& loop,
          std::chrono::milliseconds interval);

    void start();

  private:
    void plan();
    void run();
    void find_stale();

    Catalog& catalog_;
    Checker& checker_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    std::chrono::milliseconds interval_;
    run::Timer next_;
    run::Timer stale_;
};

}  // namespace evenkeel::agent
