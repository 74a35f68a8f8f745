#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "core/command_line/usage.hpp"
#include "sdk/tool/command.hpp"

namespace {

using namespace evenkeel;

constexpr tool::AddCommand kCommands[] = {
    tool::add_new,  tool::add_call, tool::add_docs,   tool::add_doctor,
    tool::add_pack, tool::add_sign, tool::add_keygen, tool::add_validate,
};

int run(int argc, char** argv) {
    CLI::App app("Writes, tries, checks and ships plugins for Evenkeel.", "ek-plugin");
    app.set_version_flag("--version", EVENKEEL_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    tool::Run chosen;
    for (const tool::AddCommand add : kCommands) add(app, chosen);
    if (const auto code = command_line::parse(app, argc, argv)) return *code;
    return static_cast<int>(chosen());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ek-plugin: %s\n", error.what());
        return 1;
    }
}
