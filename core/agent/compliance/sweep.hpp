#pragma once

#include "core/run/loop.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::agent {

class Catalog;
class Checker;
class ComplianceTracker;

// Checks everything again once in each interval, watched or not, piece by piece, so that many
// resources are no burst of work, and at times that machines started together do not share; and
// marks verdicts as stale that could not be renewed for three intervals.
// [loop]
class Sweep {
  public:
    Sweep(Catalog& catalog, Checker& checker, ComplianceTracker& tracker, run::Loop& loop,
          std::chrono::milliseconds interval);

    void start();

    // A piece has at least so many resources, unless there are fewer; an interval has at most so
    // many pieces.
    static constexpr std::size_t kPieceLeast = 256;
    static constexpr std::size_t kPiecesMost = 16;

  private:
    std::size_t pieces() const;
    void plan();
    void run();
    void find_stale();

    Catalog& catalog_;
    Checker& checker_;
    ComplianceTracker& tracker_;
    run::Loop& loop_;
    std::chrono::milliseconds interval_;
    wire::Ref at_;  // the last that was requested; empty: the next piece is the first
    run::Timer next_;
    run::Timer stale_;
};

}  // namespace evenkeel::agent
