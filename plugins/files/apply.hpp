#pragma once

#include <string>

#include <evenkeel/plugin.hpp>

#include "plugins/files/desired.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

// The changes that make `now` as desired. Throws EK_E_CONFLICT if what is there is never replaced,
// EK_E_INVALID if a new symlink has no target.
sdk::Changes difference(const Entry& now, const Desired& desired, const std::string& path,
                        posix::Accounts& accounts);

// Makes the changes.
void apply_changes(const posix::Place& place, const std::string& path, const Entry& now,
                   const Desired& desired, const sdk::Call& call, sdk::Changes& changes);

}  // namespace evenkeel::files
