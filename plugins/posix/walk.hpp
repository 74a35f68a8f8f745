#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <sys/stat.h>

namespace evenkeel::posix {

// Who besides root can put another object under a name: can write the directory that holds it, or
// one on the way. A sticky directory of root's on the way counts for nobody: names that are there
// stay.
struct Writers {
    std::set<uid_t> users;  // owners of such directories
    bool others = false;    // a group, everybody, or an ACL

    bool any() const { return others || !users.empty(); }
};

// A path resolved on this machine: the directory that holds its last name, by descriptor, so that
// it cannot be replaced by another one between a check and a change.
struct Place {
    sdk::Fd folder;    // O_PATH, the deepest ancestor that exists
    std::string name;  // the last name; "." for "/"
    // Paths of the ancestors that are missing, outermost first. Empty: `folder` holds `name`.
    std::vector<std::string> missing;
    Writers writers;
    std::string blocker;  // path of an ancestor that is no directory; empty: none

    // Requires: missing and blocker are empty. Nothing if the name is not there.
    std::optional<struct stat> info() const;
};

// Resolves `path`, which is canonical, one directory at a time from the root. A symlink on the way
// is followed only if it and its directory belong to root (or the user we run as) and nobody else
// can write there; throws EK_E_DENIED with the link's path otherwise. The last name is never
// followed.
Place walk(std::string_view path);

// Resolves paths that come sorted, as those of one read do, each directory once: the parent's
// descriptor is kept for the next path of the same directory. What is renamed on the way meanwhile
// is seen by the next walker, as by a look that had begun before; make one for each call.
class Walker {
  public:
    // What walk() gives and throws. Valid until the next call.
    const Place& walk(std::string_view path);

  private:
    std::string parent_;  // of the last path; empty: none
    Place place_;
};

// The same, for changing what is there: throws unless the holding directory exists, EK_E_NOT_FOUND
// with its path or EK_E_CONFLICT with the blocker's.
Place walk_to_existing(std::string_view path);

// Makes one directory in `folder` with mode 0700 and opens it. Without an ACL that it would
// inherit. Throws EK_E_CONFLICT if somebody has put another one in its place.
sdk::Fd make_directory(const sdk::Fd& folder, const std::string& name, const std::string& path);

bool is_empty_directory(const sdk::Fd& fd, const std::string& path);

// Makes the directories of place.missing, owned by root and its group with mode 0755 and no ACL,
// whatever they would inherit, and moves place.folder into them.
void make_missing(Place& place);

// Makes what was renamed, linked or removed in the directory durable.
void sync_folder(const sdk::Fd& folder);

}  // namespace evenkeel::posix
