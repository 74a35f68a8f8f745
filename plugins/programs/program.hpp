#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/changes.hpp>
#include <evenkeel/json.hpp>

namespace evenkeel::programs {

// What is described, but for its environment; an empty guard is none.
struct Program {
    std::vector<std::string> command;
    std::string user = "root";
    std::string folder = "/";
    int timeout_s = 0;  // 0: none of its own
    std::vector<int> exit_codes = {0};
    std::string creates;
    std::vector<std::string> unless;
    std::vector<std::string> only_if;

    bool has_guards() const { return !(creates.empty() && unless.empty() && only_if.empty()); }
    // Whether the two do the same work, whatever their guards.
    bool runs_like(const Program& other) const {
        return command == other.command && user == other.user && folder == other.folder;
    }
    bool guarded_like(const Program& other) const {
        return creates == other.creates && unless == other.unless && only_if == other.only_if;
    }
};

// What `object` leaves out is as in `program`. Throws EK_E_INVALID at the field.
void read_into(const sdk::json::Value& object, Program& program);

// NAME=value of each member of `environment`.
std::vector<std::string> environment_of(const sdk::json::Value& object);

// Adds the fields to a state or a record.
void write(const Program& program, sdk::Object& object);

// Records each field in which they differ.
void compare(const Program& now, const Program& wanted, sdk::Changes& changes);

}  // namespace evenkeel::programs
