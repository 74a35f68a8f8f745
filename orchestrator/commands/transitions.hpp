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
    expired,    // its time is over
    withdrawn,  // cancelled here, before the agent had it
    replaced,   // a newer command says the same, before the agent had it
    lost,       // the agent says that it does not have it (any more)
};

// The state after `step`; `conflict` when it cannot happen in `state`: a finished command stays
// what it is, and only a queued one can be taken back. [any]
Result<state::CommandState> next_state(state::CommandState state, Transition transition);

// The step of an outcome's "state"; `invalid` for another word.
Result<Transition> transition_of(std::string_view name);

}  // namespace evenkeel::commands
