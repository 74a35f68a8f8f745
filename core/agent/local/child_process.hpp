#pragma once

#include <cstdio>
#include <functional>
#include <string>

namespace evenkeel::agent {

// Runs `work` in a child process and returns the exit code that it returns there. Plugins run in
// it, so whatever ends the child is no success here: `who_ended_it` then says it as a sentence,
// which goes to standard error, and the code is kExitFailed. `work` gets the standard output; what
// else is written to it in the child goes to standard error.
//
// The first SIGINT or SIGTERM is passed on, for the child to come to an end; the second one ends
// it. Requires that no other thread runs.
int run_in_child(const std::function<int(std::FILE* output)>& work,
                 const std::function<std::string()>& who_ended_it);

}  // namespace evenkeel::agent
