#pragma once

#include "orchestrator/state/state.hpp"

namespace evenkeel::state {

// One step of throwing away: bounded, so that the writer is never held for long. Call it again
// later for the rest. [lane]
Result<void> throw_away_old(Edit& edit, const State::Retention& retention);

}  // namespace evenkeel::state
