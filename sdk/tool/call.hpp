#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sdk/tool/apart.hpp"
#include "sdk/tool/exit.hpp"
#include "sdk/tool/plugin_file.hpp"

// One call to a plugin, without an agent.
namespace evenkeel::tool {

enum class Operation { list, read, plan, apply, remove, invoke, watch };

struct PluginCall {
    std::string file;
    OpenOptions open;
    Operation operation = Operation::list;
    std::string name;  // of the operation, as it was typed
    std::vector<std::string> ids;
    json::Value value;   // plan, apply: what is wanted; invoke: the arguments
    std::string action;  // invoke
    bool dry_run = false;
    std::chrono::milliseconds timeout{60'000};
    std::size_t hints = 0;  // watch: ends after so many; 0: goes on
};

// In the process that the plugin is loaded into. Each answer is one of
//   {"items": [{"id","state" or "error"}]}
//   {"changes","state","notes","error"}
//   {"hint","id","state"}      of a watch, as they come
//   {"error": {"code","detail"}}      the call was not possible
void answer(const PluginCall& call, const Say& say, const plugin::CancelSource& cancel);

// Prints an answer: as one line of JSON, or for people. What the call ends with.
Exit show(const PluginCall& call, const json::Value& answer, bool as_json);

}  // namespace evenkeel::tool
