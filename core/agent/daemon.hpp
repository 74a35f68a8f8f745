#pragma once

#include "core/agent/config/config.hpp"
#include "core/agent/config/options.hpp"

namespace evenkeel::agent {

// Runs the agent until SIGTERM or SIGINT; returns the exit code.
int run_daemon(const CommandLine& line, Config config);

}  // namespace evenkeel::agent
