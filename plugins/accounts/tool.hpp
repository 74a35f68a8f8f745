#pragma once

#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>

namespace evenkeel::accounts {

// One call of a shadow tool.
struct ToolCall {
    std::string name;  // "usermod"
    std::vector<std::string> arguments;
    std::string input;                // for its stdin; the only way for a secret
    std::vector<std::string> fields;  // the paths of the changes it makes
};

// Runs the tools in order and marks the fields of each as done. Waits for the locks of the account
// files up to the call's deadline, then throws EK_E_BUSY; a tool that fails becomes a Failure with
// the tool's own words. [worker]
void run_tools(const std::vector<ToolCall>& tools, const sdk::Call& call, sdk::Changes& changes);

// The failure that a tool's exit code and output mean.
sdk::Failure tool_failure(const ToolCall& tool, int code, const std::string& output);

}  // namespace evenkeel::accounts
