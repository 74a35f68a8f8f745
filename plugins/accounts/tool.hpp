#pragma once

#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

namespace evenkeel::accounts {

// One call of a shadow tool, and what it brings about.
struct Command {
    std::string tool;  // "usermod"
    std::vector<std::string> arguments;
    std::string input;                // for its stdin; the only way for a secret
    std::vector<std::string> fields;  // the paths of the changes it makes
};

// Runs the commands in order and marks the fields of each as done. Waits for the locks of the
// account files up to the call's deadline, then throws EK_E_BUSY; a tool that fails becomes a
// Failure with its own words. [worker]
void carry_out(const std::vector<Command>& commands, const sdk::Call& call, sdk::Changes& changes);

// The failure that a tool's exit code and output mean. `fields` as in Command.
sdk::Failure tool_failure(const Command& command, int code, const std::string& output);

}  // namespace evenkeel::accounts
