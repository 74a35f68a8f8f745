#pragma once

#include <string>
#include <vector>

#include <evenkeel/cpp/call.hpp>

#include "plugins/posix/process.hpp"
#include "plugins/programs/program.hpp"

namespace evenkeel::programs {

// How `words` are started: as this program's user, in its folder, with nothing of our environment
// but what each program has and `variables`. Throws EK_E_INVALID at /user, and EK_E_UNAVAILABLE
// where there is no such program or folder.
posix::Command command_for(const Program& program, const std::vector<std::string>& words,
                           const std::vector<std::string>& variables);

// Runs it to its end and hands on what it prints while it does; returns the exit code, or 128 and
// the signal. Ends it, with its process group, and throws when the call is cancelled or past its
// deadline, and EK_E_TIMEOUT when its own time is over.
int run(const sdk::Call& call, const posix::Command& command, int timeout_s);

}  // namespace evenkeel::programs
