#pragma once

#include <string>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

// Work on the state folder of an orchestrator that does not run. [any]
namespace evenkeel::state {

// Held while the work goes on: `busy`, and what to do, while an orchestrator or a restore has it.
Result<Fd> lock_stopped(const std::string& state_dir);
// The same for an error of what was to read the store: `busy` gets the advice, others stay.
Error with_advice(Error error);
// Gives what root has made in it to the folder's owner, as whom the orchestrator runs.
Result<void> give_to_owner(const std::string& state_dir);

}  // namespace evenkeel::state
