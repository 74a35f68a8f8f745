#pragma once

#include "core/agent/agent.hpp"
#include "core/agent/config/config.hpp"

namespace evenkeel::agent {

// Loads the plugins that the configuration names (all that are found, if it names none) into
// `agent`; what cannot be loaded is refused there with its reason. An error: a plugin did not come
// back from being loaded. This process cannot load anything any more then, and is to end without
// destructors; `timeout` when the next one keeps that plugin out.
Result<void> load_plugins(Agent& agent, const Config& config, bool accept_own_user);

}  // namespace evenkeel::agent
