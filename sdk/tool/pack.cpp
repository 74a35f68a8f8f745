#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"

namespace evenkeel::tool {

void add_pack(CLI::App& app, Run& run) {
    app.add_subcommand("pack")->callback([&run] { run = [] { return Exit::failed; }; });
}

}  // namespace evenkeel::tool
