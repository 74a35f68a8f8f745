#pragma once

#include <functional>

#include "sdk/tool/exit.hpp"

namespace CLI {
class App;
}

// The subcommands of ek-plugin: each in the file of its name adds itself to the command line.
namespace evenkeel::tool {

// Does what the command line asked for. Prints its result on standard output, and why there is none
// on standard error.
using Run = std::function<Exit()>;

// Adds the subcommand to `app`; when it is the one that was named, `run` is set to it. What `run`
// needs of the line is its own.
using AddCommand = void (*)(CLI::App& app, Run& run);

void add_call(CLI::App& app, Run& run);
void add_docs(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_keygen(CLI::App& app, Run& run);
void add_new(CLI::App& app, Run& run);
void add_pack(CLI::App& app, Run& run);
void add_sign(CLI::App& app, Run& run);
void add_validate(CLI::App& app, Run& run);

}  // namespace evenkeel::tool
