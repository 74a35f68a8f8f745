#pragma once

#include <string>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::accounts {
class Database;
struct User;
}  // namespace evenkeel::accounts

namespace evenkeel::users {

struct Desired;

// The state as JSON.
std::string state_of(const accounts::User& user, const accounts::Database& database);

// The changes that make `now` (nullptr: there is no such user) as desired. Of a new user they tell
// also the primary group, and the groups that name such a user already.
sdk::Changes difference(const std::string& login, const accounts::User* now, const Desired& desired,
                        const accounts::Database& database);

}  // namespace evenkeel::users
