#pragma once

namespace evenkeel::agent {

struct CommandLine;
struct Config;

// `evenkeel-agent enrol`: enrols this machine, saves the orchestrator in the configuration and lets
// an agent that runs connect at once. Returns the exit code. Blocks; without a token until an
// administrator has accepted the machine.
int run_enrol(const CommandLine& line, const Config& config);

}  // namespace evenkeel::agent
