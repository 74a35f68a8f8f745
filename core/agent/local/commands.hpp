#pragma once

#include "core/agent/config.hpp"
#include "core/agent/options.hpp"

namespace evenkeel::agent {

// Every subcommand but run and enrol: asks the running agent, or does it in this process when none
// runs. Prints one JSON object and returns the exit code.
int run_command(const CommandLine& line, const Config& config);

}  // namespace evenkeel::agent
