#pragma once

#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/users/desired.hpp"

namespace evenkeel::users {

// The tool calls that make `changes`, as few as there can be: useradd or usermod, then chpasswd
// (the hash on stdin), then chage. `now` is nullptr for a new user.
std::vector<accounts::ToolCall> tool_calls_for(const std::string& login, const accounts::User* now,
                                               const Desired& desired,
                                               const accounts::Database& database,
                                               const sdk::Changes& changes);

}  // namespace evenkeel::users
