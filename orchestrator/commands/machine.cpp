#include "orchestrator/commands/machine.hpp"

#include <optional>

namespace evenkeel::commands {
namespace {

using state::CommandState;

// The end that an outcome brings, in whatever unfinished state it comes: the agent's report may
// overtake its own acceptance.
std::optional<CommandState> end_of(Step step) {
    switch (step) {
        case Step::refused:
        case Step::failed:
            return CommandState::failed;
        case Step::succeeded:
            return CommandState::succeeded;
        case Step::cancelled:
            return CommandState::cancelled;
        case Step::superseded:
            return CommandState::superseded;
        case Step::interrupted:
            return CommandState::interrupted;
        case Step::expired:
            return CommandState::expired;
        default:
            return std::nullopt;
    }
}

std::optional<CommandState> step_from(CommandState state, Step step) {
    if (state::finished(state)) return std::nullopt;
    if (step == Step::refused && state != CommandState::queued) return std::nullopt;
    if (const auto end = end_of(step)) return end;
    const bool queued = state == CommandState::queued;
    switch (step) {
        case Step::accepted:
            return queued ? CommandState::sent : state;
        case Step::started:
            return CommandState::running;
        case Step::lost:
            return CommandState::queued;
        case Step::withdrawn:
            return queued ? std::optional(CommandState::cancelled) : std::nullopt;
        case Step::replaced:
            return queued ? std::optional(CommandState::superseded) : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<CommandState> next_state(CommandState state, Step step) {
    if (const auto next = step_from(state, step)) return *next;
    return fail(Errc::conflict, "the command is " + std::string(state::to_string(state)));
}

Result<Step> outcome_step(std::string_view name) {
    const CommandState state = EK_TRY(state::command_state_from(name));
    switch (state) {
        case CommandState::succeeded:
            return Step::succeeded;
        case CommandState::failed:
            return Step::failed;
        case CommandState::cancelled:
            return Step::cancelled;
        case CommandState::superseded:
            return Step::superseded;
        case CommandState::interrupted:
            return Step::interrupted;
        case CommandState::expired:
            return Step::expired;
        default:
            return fail(Errc::invalid, "'" + std::string(name) + "' is no outcome");
    }
}

}  // namespace evenkeel::commands
