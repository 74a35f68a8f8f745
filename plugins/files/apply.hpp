#pragma once

#include <string>

#include <evenkeel/plugin.hpp>

#include "plugins/files/entry.hpp"
#include "plugins/files/wanted.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

// The changes from what is there to what is wanted. Throws EK_E_CONFLICT if something is there that
// is never replaced, EK_E_INVALID if a new symlink has no target.
sdk::Changes difference(const Entry& now, const Wanted& wanted, const std::string& path,
                        posix::Accounts& accounts);

// Makes them.
void bring_about(const posix::Place& place, const std::string& path, const Entry& now,
                 const Wanted& wanted, const sdk::Call& call, sdk::Changes& changes);

}  // namespace evenkeel::files
