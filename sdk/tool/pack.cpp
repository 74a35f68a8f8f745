#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/tool/command.hpp"
#include "sdk/tool/pack_plugin.hpp"

namespace evenkeel::tool {
namespace {

Exit run_pack(const Packing& packing) {
    const auto made = packing.is_deb ? make_deb(packing) : make_tar(packing);
    if (!made) return fail_with(made.error());
    std::printf("%s\n", made->c_str());
    return Exit::done;
}

}  // namespace

void add_pack(CLI::App& app, Run& run) {
    const auto packing = std::make_shared<Packing>();
    auto* command = app.add_subcommand("pack", "Pack a plugin to ship it: .tar.gz, or .deb");
    command->add_option("FILE", packing->file, "The plugin, NAME.so")->required();
    command->add_flag("--deb", packing->is_deb, "A Debian package that installs it");
    command->add_option("-o,--output", packing->folder,
                        "Where to; the current folder unless given");
    command->add_option("--maintainer", packing->maintainer, "Of the Debian package")
        ->capture_default_str();
    command->add_option("--depends", packing->depends, "Of the Debian package: \"libfoo1, bar\"");
    command->callback([packing, &run] { run = [packing] { return run_pack(*packing); }; });
}

}  // namespace evenkeel::tool
