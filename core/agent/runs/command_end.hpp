#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/agent/runs/run_commit.hpp"
#include "core/agent/runs/step.hpp"

namespace evenkeel::agent {

struct HostView;

// The result of a command, as the outcome event carries it.
struct CommandResult {
    wire::EndState state = wire::EndState::failed;
    std::vector<wire::ResourceResult> resources;
    std::optional<Error> error;
};
json::Value encode(const CommandResult& result);

// The end state of a command that was begun and not cancelled.
wire::EndState end_state(const StepList& steps, const std::vector<NotificationStep>& notifications);

// The results of all steps, the actions that were due last.
std::vector<wire::ResourceResult> results_of(const StepList& steps,
                                             const std::vector<NotificationStep>& notifications);

// What is to be committed, without the outcome. Changes nothing. [loop]
RunEnd end_of(const StepList& steps, const std::vector<NotificationStep>& notifications,
              const HostView& host);

}  // namespace evenkeel::agent
