#pragma once

#include <functional>
#include <optional>
#include <string>

// Whether the store of this process was found damaged since the process began: a page or a record
// does not read. What is damaged stays so, so it is said once and not taken back; programs show it
// in their readiness. A process has one store. [any]
namespace evenkeel::store {

// Keeps the first, and logs it.
void note_damage(const std::string& what);
std::optional<std::string> damage();

// After a write to the first pages of its file failed, as on a full disk of a file system that
// writes every change to a new place, LMDB refuses to write and to read in this process. What is
// stored is as sound as before: the program is to end, and can at once start again.
void note_restart_needed(const std::string& what);
bool is_restart_needed();

// Calls `tell` once when damage is noted and once when a restart is, on the thread that notes it;
// at once for what was noted already. One listener a process, none when `tell` is empty.
void on_unusable(std::function<void()> tell);

}  // namespace evenkeel::store
