#pragma once

#include <optional>
#include <string>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <sys/stat.h>

#include "plugins/posix/accounts.hpp"

namespace evenkeel::posix {

// Owner, group and mode, as a description asks for them. What it leaves out stays as it is.
struct Ownership {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<mode_t> mode;  // permission bits
};

// From "owner", "group" and "mode" of a description.
Ownership ownership_from(const sdk::json::Value& description, Accounts& accounts);

// Records what differs from `now`; what is described is new when there is no `now`.
void compare(const Ownership& wanted, const struct stat* now, Accounts& accounts,
             sdk::Changes& changes);

// Brings an open file or directory in line: the owner first, since the system then takes setuid
// bits off, and the mode after it. `path` is for messages. Marks in `changes` what is done.
void bring_in_line(int fd, const struct stat& now, const Ownership& wanted, const std::string& path,
                   sdk::Changes& changes);

// Adds "owner", "group", "uid", "gid" to a state.
void tell_owner(const struct stat& now, Accounts& accounts, sdk::Object& state);

}  // namespace evenkeel::posix
