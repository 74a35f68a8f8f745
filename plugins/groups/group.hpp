#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/tool.hpp"

namespace evenkeel::groups {

// A description, parsed. What is empty stays as it is.
struct Desired {
    std::optional<std::uint32_t> gid;
    std::optional<std::vector<std::string>> members;  // sorted
    bool system = false;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, EK_E_CONFLICT for a number that
// another group has. A new member who does not exist is such a field, but in a dry run only worth a
// warning: the user may be created by an earlier entry of the same plan. A member who is one
// already may stay, whether such a user exists or not; that is told as a warning. `now` is the
// group, or nullptr.
Desired parse_desired(const sdk::Call& call, std::string_view description,
                      const accounts::Database& database, const accounts::Group* now);

// The state as JSON.
std::string state_of(const accounts::Group& group, const accounts::Database& database);
// The description with which an apply makes the same group. The members are left to the
// descriptions of the users, which name their groups: a group comes before its members.
std::string description_of(const accounts::Group& group);

// The changes that make `now` (nullptr: there is no such group) what is desired. They tell also
// whose primary group it becomes: users may have had its number before the group was there.
sdk::Changes difference(const accounts::Group* now, const Desired& desired,
                        const accounts::Database& database);
// What goes with a group: its members' membership too.
sdk::Changes removal(const accounts::Group& group);

// The tool calls that make `changes`, as few as there can be.
std::vector<accounts::ToolCall> tool_calls_for(const std::string& name, const accounts::Group* now,
                                               const Desired& desired,
                                               const accounts::Database& database,
                                               const sdk::Changes& changes);

}  // namespace evenkeel::groups
