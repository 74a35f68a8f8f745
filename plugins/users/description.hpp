#pragma once

#include <string>

#include "plugins/accounts/database.hpp"

namespace evenkeel::users {

// The description by which an apply makes the account elsewhere, password hash and all. What a
// description may not say (a password that is empty, a home that is no path) is left out. Looks
// whether there is a home directory of the user's own.
std::string description_of(const accounts::User& user, const accounts::Database& database);

}  // namespace evenkeel::users
