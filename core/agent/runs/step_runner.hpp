#pragma once

#include <functional>
#include <vector>

#include "core/agent/runs/run_context.hpp"
#include "core/agent/runs/step.hpp"

namespace evenkeel::agent {

class CollectionRunner;
class CommandCalls;
struct ApplyResult;
struct PluginCall;

// Does the steps of a command, one call of a plugin after the other. Actions that a change makes
// due are stored before it: see due_actions.hpp. [loop]
class StepRunner {
  public:
    StepRunner(const RunContext& context, CommandCalls& calls, StepList& steps)
        : context_(context), calls_(calls), steps_(steps) {}

    // `done` is called once no step waits any more, possibly at once. Called at most once.
    void start(std::function<void()> done);

  private:
    void next();
    void skip_cancelled();
    void begin(CollectionRunner& runner);
    void record(CollectionRunner& runner);
    void on_recorded(Result<std::optional<ApplyResult>> found);
    void call(CollectionRunner& runner);
    PluginCall plugin_call();
    void take(Result<std::vector<ApplyResult>> apply_results);

    RunContext context_;
    CommandCalls& calls_;
    StepList& steps_;
    std::function<void()> done_;
    std::size_t at_ = 0;              // no step before it waits
    std::vector<std::size_t> group_;  // the steps of the call that runs
};

}  // namespace evenkeel::agent
