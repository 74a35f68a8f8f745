#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"

namespace evenkeel::tool {

void add_sign(CLI::App& app, Run& run) {
    app.add_subcommand("sign")->callback([&run] { run = [] { return Exit::failed; }; });
}

}  // namespace evenkeel::tool
