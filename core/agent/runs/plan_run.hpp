#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/agent/runs/decide.hpp"

namespace evenkeel::agent {

class CollectionRunner;
struct ApplyResult;

// Finds out what a command would change. Changes nothing, so it waits for no turn; only for the
// lanes. Kept alive by the call that it waits for. [loop]
class PlanRun : public std::enable_shared_from_this<PlanRun> {
  public:
    using Done = std::function<void(std::vector<wire::ResourceResult>)>;

    // `deadline_ns` CLOCK_MONOTONIC. `done` gets one entry each, and one for each action that would
    // be due; possibly inside begin().
    PlanRun(const HostView& host, Intent intent, const std::vector<wire::ResourceRequest>& requests,
            std::uint64_t deadline_ns, Done done);

    // Called once.
    void begin();

  private:
    void next();
    void call(CollectionRunner& runner);
    void take(const Result<std::vector<ApplyResult>>& apply_results);
    void take(Step& step, const Result<ApplyResult>& apply_result) const;
    void explain(Step& step) const;

    HostView host_;
    StepList steps_;
    std::uint64_t deadline_ns_;
    Done done_;
    std::size_t at_ = 0;              // no step before it waits
    std::vector<std::size_t> group_;  // the steps of the call that runs
};

}  // namespace evenkeel::agent
