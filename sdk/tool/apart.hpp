#pragma once

#include <functional>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/plugin/call.hpp"

namespace evenkeel::tool {

// Sends one answer to the process that asked.
using Say = std::function<void(const json::Value&)>;
using Work = std::function<void(const Say&, const plugin::CancelSource&)>;

// Runs `work`, which calls a plugin, in a process of its own: a plugin may print, crash, or end the
// process, and what is said is still whole. What it prints goes to standard error. Each answer
// comes to `on_answer`, in order. Ctrl-C cancels the call; a second one ends the process. The error
// says how the process ended, if it did not end by itself; `doing` ("apply") names what it was at.
// Call it before this process has threads.
Result<void> run_apart(const Work& work, const Say& on_answer, std::string_view doing);

}  // namespace evenkeel::tool
