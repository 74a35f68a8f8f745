#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"

namespace evenkeel::tool {

void add_new(CLI::App& app, Run& run) {
    app.add_subcommand("new")->callback([&run] { run = [] { return Exit::failed; }; });
}

}  // namespace evenkeel::tool
