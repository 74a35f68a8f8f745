#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/lock.hpp"
#include "plugins/posix/process.hpp"

namespace evenkeel::packages {

// What follows a program that changes packages while it runs: tells its progress and says whether
// it has begun to change them.
using Follow = std::function<bool(posix::Process& process, const sdk::Call& call)>;

// Runs the programs that change packages, one at a time. None of them is ever killed: who kills
// dpkg or rpm leaves packages half installed. [worker]
class Transactions {
  public:
    // `what` is what others may hold: "dpkg".
    Transactions(AtWork at_work, std::string what)
        : at_work_(std::move(at_work)), what_(std::move(what)) {}

    // Waits until nobody is at work, then runs `command` and hands back how it ended. Throws
    // EK_E_BUSY and EK_E_CANCELLED only while nothing has begun, which `follow` tells (none: it
    // begins at once). At the deadline of a run that has begun it throws EK_E_TIMEOUT, and the run
    // goes on by itself: the locks tell the next call when it is over.
    posix::ProcessResult run(const sdk::Call& call, const posix::Command& command,
                             const Follow& follow);

  private:
    void reap();

    AtWork at_work_;
    std::string what_;
    std::vector<std::unique_ptr<posix::Process>> left_;  // which went on past their calls
};

// Waits a moment before another try at a lock that someone else was quicker to take; throws `busy`
// where the deadline leaves no time for it.
void wait_to_retry(const sdk::Call& call, const sdk::Failure& busy);

}  // namespace evenkeel::packages
