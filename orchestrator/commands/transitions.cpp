#include "orchestrator/commands/transitions.hpp"

#include <optional>

namespace evenkeel::commands {
namespace {

using state::CommandState;

// The end that an outcome brings, in whatever unfinished state it comes: the agent's report may
// overtake its own acceptance.
std::optional<CommandState> end_of(Transition transition) {
    switch (transition) {
        case Transition::refused:
        case Transition::failed:
            return CommandState::failed;
        case Transition::succeeded:
            return CommandState::succeeded;
        case Transition::cancelled:
            return CommandState::cancelled;
        case Transition::superseded:
            return CommandState::superseded;
        case Transition::interrupted:
            return CommandState::interrupted;
        case Transition::expired:
            return CommandState::expired;
        default:
            return std::nullopt;
    }
}

std::optional<CommandState> step_from(CommandState state, Transition transition) {
    if (state::finished(state)) return std::nullopt;
    if (transition == Transition::refused && state != CommandState::queued) return std::nullopt;
    if (const auto end = end_of(transition)) return end;
    const bool queued = state == CommandState::queued;
    switch (transition) {
        case Transition::accepted:
            return queued ? CommandState::sent : state;
        case Transition::started:
            return CommandState::running;
        case Transition::lost:
            return CommandState::queued;
        case Transition::withdrawn:
            return queued ? std::optional(CommandState::cancelled) : std::nullopt;
        case Transition::replaced:
            return queued ? std::optional(CommandState::superseded) : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<CommandState> next_state(CommandState state, Transition transition) {
    if (const auto next = step_from(state, transition)) return *next;
    return fail(Errc::conflict, "the command is " + std::string(state::to_string(state)));
}

Result<Transition> transition_of(std::string_view name) {
    switch (EK_TRY(from_string<wire::EndState>(name))) {
        case wire::EndState::succeeded:
            return Transition::succeeded;
        case wire::EndState::failed:
            return Transition::failed;
        case wire::EndState::cancelled:
            return Transition::cancelled;
        case wire::EndState::superseded:
            return Transition::superseded;
        case wire::EndState::interrupted:
            return Transition::interrupted;
        case wire::EndState::expired:
            return Transition::expired;
    }
    return Transition::failed;
}

}  // namespace evenkeel::commands
