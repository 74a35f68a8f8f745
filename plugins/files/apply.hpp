#pragma once

#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/files/desired.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/files/replace.hpp"
#include "plugins/posix/ownership.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

class Hashes;

// All that will differ afterwards, described or not, and how it comes about.
struct Plan {
    sdk::Changes changes;
    bool replaces = false;   // by a new file or symlink; else owner, mode and ACL in place
    bool is_fresh = false;   // of what is there nothing is kept
    bool drops_acl = false;  // it grants more than the described mode
    posix::Ownership after;
};

// What makes `now` as desired. Throws EK_E_CONFLICT if what is there is never replaced or not taken
// over (posix::why_not_taken_over), EK_E_INVALID if a new symlink has no target, and what
// posix::require_changeable does.
Plan make_plan(const posix::Place& place, const Entry& now, const Desired& desired,
               const std::string& path, posix::Accounts& accounts);

// A file that is being applied: what is there, what it shall be, and what makes the one the other.
struct FileChange {
    std::string path;
    Desired desired;
    posix::Place place;
    Entry now;
    Plan plan;
};

// Looks at what is there. In a dry run the directory may still have to be created, by an earlier
// entry. Throws what parse_desired, posix::walk_to_existing, read_entry and make_plan do, and
// EK_E_DENIED where a stranger could show the check another file.
FileChange look_at(const sdk::Call& call, std::string_view id, std::string_view description,
                   Hashes& hashes, posix::Accounts& accounts);

// Makes the changes, durably. Throws what run_check does, and nothing is changed then.
void carry_out(const sdk::Call& call, FileChange& change);

// Whether it needs a new file.
bool needs_new_file(const FileChange& change);
// Whether that file is shown to a program before it takes its place.
bool is_checked(const FileChange& change);
// That file, written and not yet synced. Requires needs_new_file().
NewFile write_new_file(const FileChange& change);

}  // namespace evenkeel::files
