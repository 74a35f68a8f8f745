#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/lock.hpp"
#include "plugins/posix/process.hpp"

namespace evenkeel::packages {

// Called while a program that changes packages runs: reports its progress, and returns whether it
// has begun to change them.
using Follow = std::function<bool(posix::Process& process, const sdk::Call& call)>;

// Runs the programs that change packages, one at a time. None of them is ever killed: to kill dpkg
// or rpm leaves packages half installed. [worker]
class Transactions {
  public:
    // `what` is what a holder is reported to hold: "dpkg".
    Transactions(FindLockHolder find_holder, std::string what)
        : find_holder_(std::move(find_holder)), what_(std::move(what)) {}

    // Waits until no other process changes packages, then runs `command` to its end. Throws
    // EK_E_BUSY and EK_E_CANCELLED only before the run has begun, which `follow` decides (none: it
    // begins at once). At the deadline of a run that has begun it throws EK_E_TIMEOUT and leaves
    // the run alone: the next call sees by the locks when it is over.
    posix::ProcessResult run(const sdk::Call& call, const posix::Command& command,
                             const Follow& follow);

  private:
    void reap();

    FindLockHolder find_holder_;
    std::string what_;
    std::vector<std::unique_ptr<posix::Process>> left_;  // that outlived their calls
};

// Waits a moment before another attempt at a lock that another process took first; throws `busy`
// where the deadline leaves no time for that.
void wait_to_retry(const sdk::Call& call, const sdk::Failure& busy);

}  // namespace evenkeel::packages
