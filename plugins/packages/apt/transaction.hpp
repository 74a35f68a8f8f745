#pragma once

#include <memory>
#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/process.hpp"

namespace evenkeel::packages {

// Runs the programs that change packages, one at a time. None of them is ever killed: who kills
// dpkg leaves packages half installed. [worker]
class Transactions {
  public:
    explicit Transactions(std::string folder) : folder_(std::move(folder)) {}

    // Waits for the locks, then runs argv, whose progress it tells when it `reports` on descriptor
    // 3, and hands back how it ended. Throws EK_E_BUSY and EK_E_CANCELLED only while nothing has
    // begun. At the deadline of a run that has begun it throws EK_E_TIMEOUT, and the run goes on
    // by itself: the locks tell the next call when it is over.
    Ran run(const sdk::Call& call, const std::vector<std::string>& argv, bool reports);

  private:
    void reap();

    std::string folder_;
    std::vector<std::unique_ptr<Process>> left_;  // which went on past their calls
};

}  // namespace evenkeel::packages
