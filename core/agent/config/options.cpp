#include "core/agent/config/options.hpp"

#include <CLI/CLI.hpp>

#include "core/command_line/usage.hpp"

namespace evenkeel::agent {
namespace {

CLI::App* add(CLI::App& app, Subcommand command, const char* description) {
    return app.add_subcommand(std::string(to_string(command)), description);
}

void add_commands(CLI::App& app, CommandLine& into) {
    auto* run = add(app, Subcommand::run, "Run the daemon");
    run->add_option("--ready-fd", into.ready_fd, "Write one line to this descriptor when ready")
        ->check(CLI::Range(0, 1 << 20));
    for (const Subcommand one : {Subcommand::plan, Subcommand::apply}) {
        const bool plans = one == Subcommand::plan;
        auto* command =
            add(app, one,
                plans ? "Show what applying FILE would change" : "Apply the descriptions in FILE");
        command->add_option("FILE", into.file, "JSON with \"resources\"; - is standard input")
            ->required();
        if (!plans) {
            command->add_flag("--detach", into.detach, "Take over what the orchestrator describes");
        }
    }
    add(app, Subcommand::check, "Compare everything described with the machine");
    add(app, Subcommand::check_store, "Verify the store while no agent runs");
    auto* exported =
        add(app, Subcommand::export_file, "Write a FILE that describes this machine as it is");
    exported
        ->add_option("WHAT", into.what, "COLLECTION or COLLECTION=ID; all there is unless given")
        ->expected(0, -1);
    exported->add_option("-o,--output", into.output, "Write to this file, mode 0600");
    auto* list = add(app, Subcommand::list, "List the resources of a collection");
    list->add_option("COLLECTION", into.collection)->required();
    auto* read = add(app, Subcommand::read, "Read one resource");
    read->add_option("COLLECTION", into.collection)->required();
    read->add_option("ID", into.id)->required();
    auto* invoke = add(app, Subcommand::invoke, "Run an action of a resource");
    invoke->add_option("COLLECTION", into.collection)->required();
    invoke->add_option("ID", into.id)->required();
    invoke->add_option("ACTION", into.action)->required();
    invoke->add_option("ARGUMENTS", into.arguments, "JSON");
    add(app, Subcommand::status, "Show how the running agent is and whether it is connected");
    add(app, Subcommand::watch, "Print events of the running agent, one a line");
    auto* plugins = add(app, Subcommand::plugins, "Show the plugins, loaded and refused");
    plugins->add_option("--release", into.release,
                        "Give the held plugin of this collection a new chance");
    auto* enrol = add(app, Subcommand::enrol, "Enrol this machine with an orchestrator");
    enrol->add_option("--orchestrator", into.orchestrator, "HOST[:PORT], the enrolment port")
        ->required();
    enrol->add_option("--ca-sha256", into.ca_sha256, "SHA-256 of the CA, 64 hex digits")
        ->required();
    enrol->add_option("--token-file", into.token_file,
                      "The token's file, - is standard input; without it somebody must accept");
    enrol->add_flag("--replace", into.replace,
                    "Give up the identity that this machine has, and enrol with new keys");
}

}  // namespace

int read_command_line(int argc, const char* const* argv, CommandLine& into) {
    CLI::App app("Keeps this machine as described.", "evenkeel-agent");
    app.set_version_flag("--version", EVENKEEL_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    auto* config =
        app.add_option("--config", into.config_path, "Configuration")->capture_default_str();
    app.add_option("--plugin-dir", into.plugin_dirs,
                   "A further folder with plugins, which may belong to the running user")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_commands(app, into);
    if (const auto code = command_line::parse(app, argc, argv)) return *code;
    into.config_given = config->count() > 0;
    into.command = find_name<Subcommand>(app.get_subcommands().front()->get_name()).value();
    return -1;
}

}  // namespace evenkeel::agent
