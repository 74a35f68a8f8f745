#pragma once

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

struct CommandLine;
struct Config;

// Answers one request of an administrator without a daemon: opens the agent's store in this
// process, handles the request, and ends. Nothing is watched. `busy` when an agent runs after all.
// SIGINT and SIGTERM ask what runs to stop; the answer then says what was done. The process must
// end without destructors: a lane may hang in a plugin.
Result<wire::Reply> answer_in_process(const CommandLine& line, const Config& config,
                                      const wire::Request& request);

}  // namespace evenkeel::agent
