#pragma once

#include <functional>
#include <variant>

#include "sdk/client/cli/commands.hpp"

namespace CLI {
class App;
}

namespace evenkeel::cli {

// What a command line asks for.
struct Arguments {
    Globals globals;
    std::function<Exit(Session&)> run;
};

// Each adds its part of the commands to what `app` reads. The command that a line names sets
// `run`.
void add_looking(CLI::App& app, std::function<Exit(Session&)>& run);
void add_changing(CLI::App& app, std::function<Exit(Session&)>& run);
void add_managing(CLI::App& app, std::function<Exit(Session&)>& run);
void add_access(CLI::App& app, std::function<Exit(Session&)>& run);
void add_fleet(CLI::App& app, std::function<Exit(Session&)>& run);
void add_model(CLI::App& app, std::function<Exit(Session&)>& run);

// Help and version are printed to standard output and are Exit::done; what does not read is told on
// standard error, in lines that begin with "ek:", and is Exit::usage. Needs argv as main gets it.
std::variant<Arguments, Exit> parse_arguments(int argc, char** argv);

}  // namespace evenkeel::cli
