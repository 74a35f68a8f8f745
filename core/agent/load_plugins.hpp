#pragma once

#include "core/agent/agent.hpp"
#include "core/agent/config/config.hpp"

namespace evenkeel::agent {

// Loads the plugins that the configuration names (all that are found, if it names none) into
// `agent`; what cannot be loaded is refused there with its reason.
void load_plugins(Agent& agent, const Config& config, bool accept_own_user);

}  // namespace evenkeel::agent
