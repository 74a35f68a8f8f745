#pragma once

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

struct CommandLine;
struct Config;

// Answers one request of an administrator without a daemon: opens the agent's store in this
// process, asks, and ends. Nothing is watched. `busy` when an agent runs after all. `clean` tells
// whether all lanes have ended; where one hangs in a plugin its thread must not meet destructors.
Result<wire::Reply> answer_in_process(const CommandLine& line, const Config& config,
                                      const wire::Request& request, bool& clean);

}  // namespace evenkeel::agent
