#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/agent/runs/notification_scheduler.hpp"
#include "core/agent/runs/run_commit.hpp"
#include "core/agent/runs/run_context.hpp"
#include "core/agent/runs/run_queue.hpp"

namespace evenkeel::store {
class WriteTxn;
}

namespace evenkeel::agent {

struct CommandResult;
struct Intent;

// A command that is not stored yet.
struct NewCommand {
    InboxCommand inbox;
    std::uint64_t deadline_ns = 0;  // CLOCK_MONOTONIC
    // Runs first in the transaction that stores it; its error is that of the acceptance. May be
    // empty.
    std::function<Result<void>(store::WriteTxn&)> along;
    // After that commit, or its failure: then the command is not here.
    std::function<void(const Result<void>&)> on_accepted;
    // After the commit of the outcome; may be empty.
    std::function<void(const CommandResult&)> on_finished;
};

// Runs everything that changes the machine. A command, a repair and an action after repairs are
// each a kind of Run (command_run.hpp, repair_run.hpp, notification_run.hpp) and wait for their
// turn in the RunQueue. A plan changes nothing and does not wait (plan_run.hpp). [loop]
class Engine {
  public:
    struct Parts {
        Catalog& catalog;
        CollectionRegistry& registry;
        Journal& journal;
        ComplianceTracker& tracker;
        Checker& checker;
        RepairScheduler& repairs;
        run::Loop& loop;
        std::shared_ptr<const AgentStore> store;
    };
    explicit Engine(Parts parts);

    // The last run is over, and what it held is free.
    std::function<void()> on_idle;

    // Stores the command, and runs it when its turn comes. One whose turn has come already, and
    // that may be done again after a kill, is begun by the same commit: it costs the agent two,
    // this one and that of its end. Given to the store before this returns.
    void accept(NewCommand command);
    // Runs a command that is stored when its turn comes; see CommandRun.
    void submit(InboxCommand command, std::uint64_t deadline_ns,
                std::function<void(const CommandResult&)> on_finished);
    // Brings one resource back to its description.
    void repair(const wire::Ref& ref);
    // Runs the actions that an earlier process left pending, for resources that are compliant.
    void run_pending_notifications() { notifications_.run_pending(); }
    // Asks a command to stop; one that has not begun ends at once.
    void cancel(const std::string& command);

    // Finds out what such a command would change; `done` gets one entry for each resource.
    void plan(Intent intent, const std::vector<wire::ResourceRequest>& requests,
              std::chrono::milliseconds timeout,
              std::function<void(std::vector<wire::ResourceResult>)> done);

    // Runs that wait, run or are about to commit their end.
    std::size_t unfinished() const { return queue_.size(); }

  private:
    bool may_begin(const NewCommand& command) const;

    NotificationScheduler notifications_;
    RunQueue queue_;
    RunCommit commits_;
    RunContext context_;
    std::size_t accepting_ =
        0;  // commands that are being stored and have no place in the queue yet
};

}  // namespace evenkeel::agent
