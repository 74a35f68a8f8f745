#pragma once

#include <functional>

#include "core/base/result.hpp"

namespace evenkeel::wire {
struct Reply;
struct Request;
}  // namespace evenkeel::wire

namespace evenkeel::agent {

struct CommandLine;
struct Config;

// Answers a request in this process, when no agent runs. It is one of its own, which ends without
// destructors, since a plugin may hang in a thread.
using AnswerInProcess = std::function<Result<wire::Reply>(const wire::Request& request)>;

// Every subcommand but run and enrol: sends a request to the running agent, or to
// `answer_in_process`, in a child, when none runs. Prints one JSON object and returns the exit
// code. Blocks.
int run_command(const CommandLine& line, const Config& config,
                const AnswerInProcess& answer_in_process);

}  // namespace evenkeel::agent
