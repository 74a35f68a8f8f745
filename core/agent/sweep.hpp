#pragma once

#include <chrono>

#include "core/agent/book.hpp"
#include "core/agent/checker.hpp"
#include "core/agent/judge.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Looks at everything again from time to time, watched or not, at intervals that machines started
// together do not share; and calls verdicts stale that nobody could renew for three of them. [loop]
class Sweep {
  public:
    Sweep(Book& book, Checker& checker, Judge& judge, run::Loop& loop,
          std::chrono::milliseconds interval);

    void start();

  private:
    void plan();
    void run();
    void look_for_stale();

    Book& book_;
    Checker& checker_;
    Judge& judge_;
    run::Loop& loop_;
    std::chrono::milliseconds interval_;
    run::Timer next_;
    run::Timer stale_;
};

}  // namespace evenkeel::agent
