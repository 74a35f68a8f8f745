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

// A description, read and looked up in the account files. What is not there stays as it is.
struct Wanted {
    std::optional<std::uint32_t> gid;
    std::optional<std::vector<std::string>> members;  // sorted
    bool system = false;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, EK_E_CONFLICT for a number that
// another group has. A new member who does not exist is such a field, but in a dry run only worth a
// warning: the plan may be of a file that makes the user first. `now` is the group, or nullptr.
Wanted wanted_from(const sdk::Call& call, std::string_view description,
                   const accounts::Database& database, const accounts::Group* now);

// The state as JSON.
std::string state_of(const accounts::Group& group);
// The description by which an apply makes it so. The members are left to the descriptions of the
// users, which name their groups: a group comes before its members.
std::string description_of(const accounts::Group& group);

// The changes that make `now` (nullptr: there is no such group) what is wanted.
sdk::Changes difference(const accounts::Group* now, const Wanted& wanted);

// The tool calls that make `changes`, as few as there can be.
std::vector<accounts::Command> commands_for(const std::string& name, const Wanted& wanted,
                                            const sdk::Changes& changes);

}  // namespace evenkeel::groups
