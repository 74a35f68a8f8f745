#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <sys/stat.h>

namespace evenkeel::posix {

// A path resolved on this machine: the directory that holds its last name, by descriptor, so that
// it cannot be replaced by another one between a check and a change.
struct Place {
    sdk::Fd folder;    // O_PATH, the deepest ancestor that exists
    std::string name;  // the last name; "." for "/"
    // Paths of the ancestors that are missing, outermost first. Empty: `folder` holds `name`.
    std::vector<std::string> missing;
    std::string blocker;  // path of an ancestor that is no directory; empty: none

    // Requires: missing and blocker are empty. Nothing if the name is not there.
    std::optional<struct stat> info() const;
};

// Resolves `path`, which is canonical, one directory at a time from the root. A symlink on the way
// is followed only if it and its directory belong to root (or the user we run as) and nobody else
// can write there; throws EK_E_DENIED with the link's path otherwise. The last name is never
// followed.
Place walk(std::string_view path);

// The same, for changing what is there: throws unless the holding directory exists, EK_E_NOT_FOUND
// with its path or EK_E_CONFLICT with the blocker's.
Place walk_to_existing(std::string_view path);

// Makes the directories of place.missing, owned by root with mode 0755, and moves place.folder into
// them.
void make_missing(Place& place);

// Makes what was renamed, linked or removed in the directory durable.
void sync_folder(const sdk::Fd& folder);

}  // namespace evenkeel::posix
