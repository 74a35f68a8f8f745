#pragma once

#include <string>
#include <vector>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::accounts {
class Database;
struct ToolCall;
struct User;
}  // namespace evenkeel::accounts

namespace evenkeel::users {

struct Desired;

// The tool calls that make `changes`, as few as there can be: useradd or usermod, then chpasswd
// (the hash on stdin), then chage. `now` is nullptr for a new user.
std::vector<accounts::ToolCall> tool_calls_for(const std::string& login, const accounts::User* now,
                                               const Desired& desired,
                                               const accounts::Database& database,
                                               const sdk::Changes& changes);

}  // namespace evenkeel::users
