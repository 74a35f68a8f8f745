#pragma once

#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/files/entry.hpp"
#include "plugins/posix/ownership.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

// Replaces `now`, which may be absent, with a new file or symlink atomically: it is made beside it
// under a temporary name, given owner, mode and content, synced, and renamed. A crash at any point
// leaves the old or the new one complete; a leftover under the temporary name is removed by the
// next call for the same path. Throws EK_E_CONFLICT if `now` is no longer what is there. A file
// that replaces a file keeps what `desired` leaves out, its extended attributes and ACL; else it is
// root's, 0644.
void replace_with_file(const posix::Place& place, const std::string& path, const Entry& now,
                       std::string_view content, const posix::Ownership& desired,
                       const sdk::Call& call);
void replace_with_symlink(const posix::Place& place, const std::string& path, const Entry& now,
                          const std::string& target, const posix::Ownership& desired,
                          const sdk::Call& call);

// The temporary name: ".evenkeel-" and 16 hex digits that stand for `name`.
std::string temporary_name(std::string_view name);

}  // namespace evenkeel::files
