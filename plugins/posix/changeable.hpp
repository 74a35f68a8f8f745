#pragma once

#include <string>

#include "plugins/posix/walk.hpp"

namespace evenkeel::posix {

// What is about to be done to the name of a place.
enum class Doing { make, change, replace, remove };

// Throws what the system would answer, so that a plan says it and a change is not begun: a
// read-only file system and immutable or append-only objects are EK_E_DENIED, replacing or removing
// a mount point is EK_E_CONFLICT: it cannot be done in one step, and half a file is worse than the
// old one. Follows nothing.
void require_changeable(const Place& place, const std::string& path, Doing doing);

}  // namespace evenkeel::posix
