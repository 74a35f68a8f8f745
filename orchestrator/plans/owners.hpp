#pragma once

#include <vector>

#include "orchestrator/compile/resources.hpp"
#include "orchestrator/state/owner.hpp"

// Owners as they are compiled and as they are stored, in one order. [any]
namespace evenkeel::plans {

std::vector<compile::Owner> to_compile_owners(const std::vector<state::Owner>& owners);
std::vector<state::Owner> to_state_owners(const std::vector<compile::Owner>& owners);

}  // namespace evenkeel::plans
