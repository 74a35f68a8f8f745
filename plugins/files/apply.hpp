#pragma once

#include <string>

#include <evenkeel/plugin.hpp>

#include "plugins/posix/ownership.hpp"

namespace evenkeel::posix {
struct Place;
}

namespace evenkeel::files {

struct Desired;
struct Entry;

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

// Makes the changes.
void carry_out(const posix::Place& place, const std::string& path, const Entry& now,
               const Desired& desired, const sdk::Call& call, Plan& plan);

}  // namespace evenkeel::files
