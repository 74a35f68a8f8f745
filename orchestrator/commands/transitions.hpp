#pragma once

#include "core/base/result.hpp"
#include "orchestrator/state/command.hpp"

namespace evenkeel::commands {

// What can happen to a command.
enum class Transition {
    accepted,   // the agent has committed it
    refused,    // the agent will never take it
    started,    // the agent has begun
    succeeded,  // outcomes, as the agent reports them
    failed,
    cancelled,
    superseded,
    interrupted,
    expired,    // its deadline has passed
    withdrawn,  // cancelled here, before the agent had it
    replaced,   // superseded by a newer command before the agent had it
    lost,       // the agent reports that it does not have it (any more)
};

// The state after `transition`; `conflict` if it cannot happen in `state`: a finished command does
// not change, and only a queued one can be withdrawn. [any]
Result<state::CommandState> next_state(state::CommandState state, Transition transition);

// The transition for the "state" of command.outcome; `invalid` for another word.
Result<Transition> transition_of(std::string_view name);

}  // namespace evenkeel::commands
