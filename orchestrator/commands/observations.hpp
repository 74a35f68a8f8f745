#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/state/edit.hpp"

// The parts of take_event that tell how things are. All `invalid`, before anything was changed,
// when the event does not read. [lane]
namespace evenkeel::commands {

// resource.*: verdict and state of one resource. A report about another generation than the one
// that is wanted now is told, but changes nothing.
Result<void> take_observation(state::Edit& edit, const std::string& host, const wire::Event& event);

// An action that was run after a repair.
Result<void> take_notified(state::Edit& edit, const std::string& host, const wire::Event& event);

// command.outcome: how a command ended, and what it found.
Result<void> take_outcome(state::Edit& edit, const std::string& host, const wire::Event& event);

}  // namespace evenkeel::commands
