#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <sys/stat.h>

namespace evenkeel::posix {

// Where a path ends on this machine: the directory of its last name, held by descriptor, so that
// nobody can put another one in its place between a look and a change.
struct Place {
    sdk::Fd folder;    // O_PATH, the deepest directory on the way that exists
    std::string name;  // the last name; "." for "/"
    // Paths of the directories on the way that are missing, outermost first. Empty: `folder` is
    // the one that holds `name`.
    std::vector<std::string> missing;
    std::string blocker;  // path of something on the way that is no directory; empty: none

    // Requires: missing and blocker are empty. Nothing if the name is not there.
    std::optional<struct stat> look() const;
};

// Walks to `path`, which is canonical, one directory at a time from the root. A symlink on the way
// is followed only if it and its directory belong to root (or whom we run as) and nobody else can
// write there; throws EK_E_DENIED with the link's path otherwise. The last name is never followed.
Place walk(std::string_view path);

// The same, for changing what is there: throws unless the holding directory exists, EK_E_NOT_FOUND
// with its path or EK_E_CONFLICT with the blocker's.
Place walk_to_existing(std::string_view path);

// Makes the directories of place.missing, root's and 0755, and goes into them.
void make_missing(Place& place);

// Makes what was renamed, linked or removed in the directory last.
void sync_folder(const sdk::Fd& folder);

}  // namespace evenkeel::posix
