#pragma once

#include <optional>
#include <string>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <sys/stat.h>

#include "plugins/posix/accounts.hpp"

namespace evenkeel::posix {

// Owner, group and mode as described. What is not described stays as it is.
struct Ownership {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<mode_t> mode;  // permission bits
};

// From "owner", "group" and "mode" of a description.
Ownership ownership_from(const sdk::json::Value& description, Accounts& accounts);

// What an object will have: what is described, and else what it has, `object`. A chown clears
// setuid and setgid bits, which are put back, except where a file of somebody else would become one
// that runs as root: then they stay cleared, and compare() tells it.
Ownership resulting(const Ownership& desired, const struct stat& object);

// Records what differs from `now`; all that is given if `now` is nullptr.
void compare(const Ownership& after, const struct stat* now, Accounts& accounts,
             sdk::Changes& changes);

// Sets owner and mode of an open file or directory where they differ: the owner first, since chown
// clears setuid bits, and then the mode. File capabilities, which chown clears too, are put back.
// `path` is for messages. Marks in `changes` what is done.
void apply_ownership(int fd, const struct stat& now, const Ownership& after,
                     const std::string& path, sdk::Changes& changes);

// Adds "owner", "group", "uid", "gid" to a state.
void add_owner(const struct stat& now, Accounts& accounts, sdk::Object& state);

}  // namespace evenkeel::posix
