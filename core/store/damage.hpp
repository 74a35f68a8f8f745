#pragma once

#include <optional>
#include <string>

// Whether the store of this process was found damaged since the process began: a page or a record
// does not read. What is damaged stays so, so it is said once and not taken back; programs show it
// in their readiness. A process has one store. [any]
namespace evenkeel::store {

// Keeps the first, and logs it.
void note_damage(const std::string& what);
std::optional<std::string> damage();

}  // namespace evenkeel::store
