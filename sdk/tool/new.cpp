#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"
#include "sdk/tool/new_plugin.hpp"

namespace evenkeel::tool {
namespace {

Exit run_new(const NewPlugin& wanted) {
    const auto made = make_plugin(wanted);
    if (!made)
        return fail_with(made.error(),
                         made.error().code == Errc::invalid ? Exit::usage : Exit::failed);
    std::printf("%s\n", made->c_str());
    return Exit::done;
}

}  // namespace

void add_new(CLI::App& app, Run& run) {
    const auto wanted = std::make_shared<NewPlugin>();
    auto* command = app.add_subcommand("new", "Write a plugin that works, to go on from");
    command->add_option("NAME", wanted->name, "Of the plugin and its collection: [a-z][a-z0-9_]*")
        ->required();
    command->add_option("--lang", wanted->language, "c or c++")->capture_default_str();
    command->add_option("--build", wanted->build, "meson or cmake")->capture_default_str();
    command->add_option("--dir", wanted->folder, "Where to; ./NAME unless given");
    command->add_option("--sdk", wanted->sdk, "The SDK's folder; the installed one unless given");
    command->callback([wanted, &run] { run = [wanted] { return run_new(*wanted); }; });
}

}  // namespace evenkeel::tool
