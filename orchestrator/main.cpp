#include <csignal>
#include <iostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "core/base/core_dumps.hpp"
#include "core/base/log.hpp"
#include "core/command_line/exit.hpp"
#include "core/command_line/usage.hpp"
#include "core/run/end_process.hpp"
#include "core/run/open_files.hpp"
#include "core/run/service_manager.hpp"
#include "core/store/damage.hpp"
#include "orchestrator/offline_commands.hpp"
#include "orchestrator/orchestrator.hpp"

namespace evenkeel {
namespace {

// More than all connections that the three ports take together.
constexpr std::size_t kOpenFiles = 65'536;
constexpr std::size_t kOpenFilesLeast = 31'500;

int run(const Config& config, int ready_fd) {
    const std::size_t files = run::allow_open_files(kOpenFiles);
    if (files < kOpenFilesLeast) {
        log::warning(
            "few open files are allowed, so strangers may use them up: raise the hard limit "
            "(LimitNOFILE of the unit, or ulimit -Hn)",
            {{"allowed", std::to_string(files)}, {"wanted", std::to_string(kOpenFilesLeast)}});
    }
    run::Loop loop;
    auto orchestrator = Orchestrator::open(loop, config);
    if (!orchestrator) return print_error(orchestrator.error());
    if (const auto started = (*orchestrator)->start(); !started) {
        return print_error(started.error());
    }
    bool stopping = false;
    const auto stop = [&] {
        if (std::exchange(stopping, true)) return;
        log::info("stopping");
        run::notify_stopping();
        (*orchestrator)->stop([&] { loop.stop(); });
    };
    loop.on_signals({SIGTERM, SIGINT}, [&](int) { stop(); });
    // Where the store is refused until the program starts again, it shall. What is damaged is still
    // served, and told by /readyz.
    store::on_unusable([post = loop.poster(), &stop] {
        post([&stop] {
            if (store::is_restart_needed()) stop();
        });
    });
    const run::Watchdog watchdog(loop);
    log::info("ready", {{"rest", (*orchestrator)->rest_address()}});
    run::notify_ready();
    if (ready_fd >= 0) {
        const auto told = run::write_ready(ready_fd, (*orchestrator)->ready_line());
        if (!told) log::warning("nobody reads --ready-fd", {{"error", told.error().what}});
    }
    loop.run();
    loop.run_ready();  // what was posted last holds requests, which end before their server
    return store::is_restart_needed() ? kExitFailed : kExitDone;
}

int main_with(int argc, char** argv) {
    CLI::App app{"Evenkeel's orchestrator: holds what every machine should be",
                 "evenkeel-orchestrator"};
    app.set_version_flag("--version", EVENKEEL_VERSION);
    app.require_subcommand(1);
    std::string config_path;
    std::string folder;
    int ready_fd = -1;
    CLI::App* run_command = app.add_subcommand("run", "Serve until SIGTERM");
    run_command->add_option("--ready-fd", ready_fd, "Write one line here once all ports listen");
    CLI::App* backup_command = app.add_subcommand("backup", "Copy the state, also while it runs");
    CLI::App* restore_command =
        app.add_subcommand("restore", "Put a backup in place; the orchestrator must be stopped");
    CLI::App* audit_command = app.add_subcommand("audit", "Look at the audit of a stopped one");
    CLI::App* check_command =
        app.add_subcommand("check", "Verify the store of a stopped one, or of a backup");
    CLI::App* token_command = app.add_subcommand(
        "admin-token", "Make another administrator's token while the orchestrator is stopped");
    std::string token_file;
    token_command->add_option("--out", token_file,
                              "File for the token, made with mode 0600; admin.token if not given");
    bool verify = false;
    audit_command->add_flag("--verify", verify, "Recompute the chain of records")->required();
    for (CLI::App* command : {run_command, backup_command, restore_command, audit_command,
                              check_command, token_command}) {
        command->add_option("--config", config_path, "Configuration file");
    }
    for (CLI::App* command : {backup_command, restore_command}) {
        command->add_option("DIR", folder, "Folder of the backup")->required();
    }
    if (const auto code = command_line::parse(app, argc, argv)) return *code;
    const auto config = read_config(config_path);
    if (!config) return print_error(config.error(), kExitUsage);
    log::set_level(config->log_level);
    if (run_command->parsed()) return run(*config, ready_fd);
    if (audit_command->parsed()) return verify_audit(*config);
    if (check_command->parsed()) return check_store(*config);
    if (token_command->parsed()) return make_admin_token(*config, token_file);
    return backup_command->parsed() ? back_up(*config, folder) : restore(*config, folder);
}

}  // namespace
}  // namespace evenkeel

int main(int argc, char** argv) {
    try {
        evenkeel::forbid_core_dumps();
        return evenkeel::run::end_process(evenkeel::main_with(argc, argv));
    } catch (const std::exception& error) {
        std::cerr << "evenkeel-orchestrator: " << error.what() << "\n";
        return evenkeel::kExitFailed;
    }
}
