#pragma once

#include <string>

#include "plugins/accounts/database.hpp"

namespace evenkeel::users {

// The description with which an apply makes the same account elsewhere, password hash included.
// What a description must not say (an empty password, a home that is no path) is left out. Checks
// on disk whether the user owns the home directory.
std::string description_of(const accounts::User& user, const accounts::Database& database);

}  // namespace evenkeel::users
