#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"

namespace evenkeel::tool {

void add_docs(CLI::App& app, Run& run) {
    app.add_subcommand("docs")->callback([&run] { run = [] { return Exit::failed; }; });
}

}  // namespace evenkeel::tool
