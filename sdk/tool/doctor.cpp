#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"

namespace evenkeel::tool {

void add_doctor(CLI::App& app, Run& run) {
    app.add_subcommand("doctor")->callback([&run] { run = [] { return Exit::failed; }; });
}

}  // namespace evenkeel::tool
