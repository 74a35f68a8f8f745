#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::accounts {
class Database;
struct User;
}  // namespace evenkeel::accounts

namespace evenkeel::users {

// What goes with a user: also the memberships in groups, and the group of the same name where
// userdel(8) removes it: USERGROUPS_ENAB in `login_defs` (the text of /etc/login.defs), and nobody
// else is in it.
sdk::Changes removal(const accounts::User& user, const accounts::Database& database,
                     std::string_view login_defs);

// Throws EK_E_CONFLICT if a process has the user's number, as usermod and userdel then refuse.
// Reads /proc. [worker]
void refuse_processes_of(const accounts::User& user);

}  // namespace evenkeel::users
