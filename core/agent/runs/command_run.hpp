#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "core/agent/runs/busy_marks.hpp"
#include "core/agent/runs/command_calls.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/run.hpp"
#include "core/agent/runs/start_commit.hpp"
#include "core/agent/runs/step_runner.hpp"

namespace evenkeel::agent {

// A command of the orchestrator or of a local administrator, from its turn to its outcome: stores
// what it will do, does its steps on the lanes, runs the actions that became due, and commits the
// outcome with its events. Its turn lasts until that is committed: what a run stores is never
// overwritten by the end of an earlier one that had to be tried again. A failure is recorded in the
// result of its step and does not end the command. [loop]
class CommandRun final : public Run {
  public:
    using OnFinished = std::function<void(const CommandResult&)>;
    using OnAccepted = std::function<void(const Result<void>&)>;

    // `deadline_ns` CLOCK_MONOTONIC, 0: none. `on_finished` comes after the commit of the outcome;
    // may be empty.
    CommandRun(const RunContext& context, InboxCommand command, std::uint64_t deadline_ns,
               OnFinished on_finished);

    // Requires that the inbox record is committed.
    void begin() override;
    // Begins a command that is not stored yet, in one commit with `acceptance`, which writes its
    // inbox record as running. `on_accepted` is called after the commit and before anything is done
    // or told. When it fails nothing of the command is left, and it may come again.
    void begin_new(std::function<Result<void>(store::WriteTxn&)> acceptance,
                   OnAccepted on_accepted);
    // A command that waits ends at once. Of one that runs, the current call is asked to stop and
    // the steps that have not begun are skipped.
    void cancel() override;

  private:
    // The phases in their order; a command that ends before its turn goes from the first to the
    // last.
    struct Waiting {};
    struct Storing {
        StartCommit start_commit;
    };
    struct Applying {};
    struct Notifying {
        std::vector<NotificationStep> steps;
        std::size_t at = 0;
    };
    struct Ending {
        CommandResult result;
        std::vector<NotificationStep> notifications;
    };

    void end_unbegun(wire::EndState state, const Error& error);
    StartCommit& decide_steps();
    void tell_running();
    void withdraw(const Error& error);
    void on_stored(const Result<void>& stored);
    void on_applied();
    void show_skipped();
    void next_notification();
    void run_action(NotificationStep& step);
    void end(wire::EndState state, const std::vector<NotificationStep>& notifications);
    void take_into_memory(const RunEnd& end);
    void unwatch_forgotten();
    void release(const std::vector<NotificationStep>& notifications);
    void on_committed();

    RunContext context_;
    InboxCommand command_;
    OnFinished on_finished_;
    CommandCalls calls_;
    StepList steps_;
    StepRunner runner_;
    BusyMarks busy_marks_;
    std::variant<Waiting, Storing, Applying, Notifying, Ending> phase_;
};

}  // namespace evenkeel::agent
