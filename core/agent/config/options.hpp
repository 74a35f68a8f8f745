#pragma once

#include <string>
#include <vector>

#include "core/agent/config/config.hpp"
#include "core/base/names.hpp"
#include "core/command_line/exit.hpp"

namespace evenkeel::agent {

// What the program is to do. Subcommands that send a request to the agent have the name of its verb
// (wire::RequestVerb).
enum class Subcommand {
    run,
    plan,
    apply,
    check,
    check_store,
    export_file,
    list,
    read,
    invoke,
    status,
    watch,
    plugins,
    enrol,
};
constexpr auto enum_names(Subcommand) {
    return names<Subcommand>("subcommand", {{Subcommand::run, "run"},
                                            {Subcommand::plan, "plan"},
                                            {Subcommand::apply, "apply"},
                                            {Subcommand::check, "check"},
                                            {Subcommand::check_store, "check-store"},
                                            {Subcommand::export_file, "export"},
                                            {Subcommand::list, "list"},
                                            {Subcommand::read, "read"},
                                            {Subcommand::invoke, "invoke"},
                                            {Subcommand::status, "status"},
                                            {Subcommand::watch, "watch"},
                                            {Subcommand::plugins, "plugins"},
                                            {Subcommand::enrol, "enrol"}});
}

// The command line, read.
struct CommandLine {
    Subcommand command = Subcommand::run;
    std::string config_path = kConfigPath;
    bool config_given = false;
    std::vector<std::string> plugin_dirs;
    int ready_fd = -1;

    std::string file;  // plan, apply
    bool detach = false;
    std::vector<std::string> what;                  // export: COLLECTION or COLLECTION=ID
    std::string output;                             // export: a file; empty: standard output
    std::string collection, id, action, arguments;  // list, read, invoke
    std::string release;                            // plugins

    std::string orchestrator, ca_sha256, token_file;  // enrol
    bool replace = false;
};

// Reads the command line into `into`; -1 to go on, else what to exit with (help was printed, or
// what is wrong).
int read_command_line(int argc, const char* const* argv, CommandLine& into);

}  // namespace evenkeel::agent
