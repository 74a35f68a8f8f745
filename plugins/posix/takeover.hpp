#pragma once

#include <string>

#include <sys/stat.h>

#include "plugins/posix/ownership.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::posix {

// Whoever can write a directory decides what lies under a name in it: he can move a secret of
// root's there, link to it, or make the object first, with an ACL that lets him in later. Where
// somebody besides root can do so, an object is taken over only if the described owner could have
// made it; where no owner is described, the only one who can write there.
//
// Says why this object is not taken over, as the end of a sentence about it; empty: it is.
// `acl_grants_more` than the described mode.
std::string why_not_taken_over(const Place& place, const struct stat& object,
                               const Ownership& desired, bool acl_grants_more);

// The failure for it: EK_E_CONFLICT.
sdk::Failure not_taken_over(const std::string& path, const std::string& why);

}  // namespace evenkeel::posix
