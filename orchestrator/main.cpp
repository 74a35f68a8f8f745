#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "core/base/core_dumps.hpp"
#include "core/base/log.hpp"
#include "core/command_line/usage.hpp"
#include "core/crypto/record_chain.hpp"
#include "core/run/open_files.hpp"
#include "core/run/service_manager.hpp"
#include "core/store/damage.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/orchestrator.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/backup.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/store_check.hpp"

namespace evenkeel {
namespace {

// Exit codes: systemd does not start a program again whose configuration is wrong.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInUse = 4;  // another process works on the state, so it could not be done now

void print_message(const std::string& what) {
    std::cerr << "evenkeel-orchestrator: " << what << "\n";
}

int print_error(const Error& error, int code = kFailed) {
    print_message(error.what);
    return code == kFailed && error.code == Errc::busy ? kInUse : code;
}

// What of the state folder belongs into a backup, beside the store.
std::vector<std::string> kept_files() {
    std::vector<std::string> files(std::begin(kKeyFiles), std::end(kKeyFiles));
    files.emplace_back("admin.token");
    return files;
}

// Without these the store of a backup is of no use: its secrets stay sealed, and hosts would not
// know the orchestrator. The server's certificate is made anew.
const std::vector<std::string> kNeededKeys = {"ca.pem", "ca.key", "seal.key"};

// More than all connections that the three ports take together.
constexpr std::size_t kOpenFiles = 65'536;
constexpr std::size_t kOpenFilesLeast = 30'000;

// Where the store is refused until the program starts again, it shall.
class EndWithStore {
  public:
    EndWithStore(run::Loop& loop, std::function<void()> end) : loop_(loop), end_(std::move(end)) {
        look_later();
    }

  private:
    void look_later() {
        timer_ = loop_.after(std::chrono::seconds(1), [this] {
            if (store::is_restart_needed()) return end_();
            look_later();
        });
    }

    run::Loop& loop_;
    const std::function<void()> end_;
    run::Timer timer_;
};

int run(const Config& config, int ready_fd) {
    const std::size_t files = run::allow_open_files(kOpenFiles);
    if (files < kOpenFilesLeast) {
        log::warning(
            "few open files are allowed: strangers may use them up",
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
    const EndWithStore end_with_store(loop, stop);
    const run::Watchdog watchdog(loop);
    log::info("ready", {{"rest", (*orchestrator)->rest_address()}});
    run::notify_ready();
    if (ready_fd >= 0) {
        const auto told = run::write_ready(ready_fd, (*orchestrator)->ready_line());
        if (!told) log::warning("nobody reads --ready-fd", {{"error", told.error().what}});
    }
    loop.run();
    return store::is_restart_needed() ? kFailed : kDone;
}

// Exit code 1 when the chain is broken.
int verify_audit(const Config& config) {
    const auto end = state::verify_audit_of(config.state_dir);
    if (!end) return print_error(end.error());
    std::cout << json::write(crypto::encode(*end)) << "\n";
    return kDone;
}

// For an administrator who has lost the last token: whoever can write the state folder may.
Result<std::string> make_admin_token(const Config& config, const std::string& file) {
    const std::string& folder = config.state_dir;
    if (!store::Env::exists(folder + "/store")) {
        return fail(Errc::not_found, "there is no store in " + folder);
    }
    const Fd lock = EK_TRY(state::lock_stopped(folder));
    std::string id;
    {
        const auto state = EK_TRY(state::State::open(folder + "/store", [](const auto&) {}));
        id = EK_TRY(api::make_admin_token(*state, file, "admin-token"));
        state->stop();
    }
    EK_CHECK(state::give_to_owner(folder));
    return id;
}

int admin_token(const Config& config, std::string file) {
    if (file.empty()) file = config.state_dir + "/admin.token";
    const auto made = make_admin_token(config, file);
    if (!made) return print_error(made.error());
    std::cout << json::write(json::Object{{"id", *made}, {"file", file}}) << "\n";
    return kDone;
}

int back_up(const Config& config, const std::string& to) {
    const auto made = state::backup(config.state_dir, kept_files(), to);
    if (!made) return print_error(made.error());
    json::Object told{{"backup", to}, {"bytes", made->bytes}};
    if (made->content) {
        for (auto& [name, value] : state::encode(*made->content)) told.set(name, std::move(value));
    }
    std::cout << json::write(std::move(told)) << "\n";
    return kDone;
}

json::Value path_or_null(const std::string& path) {
    return path.empty() ? json::Value() : json::Value(path);
}

int restore(const Config& config, const std::string& from) {
    const auto restored = state::restore(config.state_dir, kept_files(), from, kNeededKeys);
    if (!restored) return print_error(restored.error());
    json::Object told = state::encode(restored->backup);
    told.set("stream", restored->stream);
    told.set("former_store", path_or_null(restored->former_store));
    told.set("former_keys", path_or_null(restored->former_files));
    std::cout << json::write(std::move(told)) << "\n";
    print_message("the backup is in place. Next: systemctl start evenkeel-orchestrator");
    print_message(
        "then: hosts that are newer than the backup enrol again, tokens revoked since then are "
        "revoked again, and who pins the audit pins it anew (ek audit --verify --head)");
    if (!restored->former_store.empty()) {
        print_message("what was replaced is in " + restored->former_store + " and " +
                      restored->former_files + ": delete both when all is well");
    }
    return kDone;
}

// Exit code 1 when something does not read.
int check(const Config& config) {
    const auto found = state::check_store(config.state_dir);
    if (!found) return print_error(found.error());
    std::cout << store::json_of(*found) << "\n";
    return kDone;
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
    if (!config) return print_error(config.error(), kUsage);
    log::set_level(config->log_level);
    if (run_command->parsed()) return run(*config, ready_fd);
    if (audit_command->parsed()) return verify_audit(*config);
    if (check_command->parsed()) return check(*config);
    if (token_command->parsed()) return admin_token(*config, token_file);
    return backup_command->parsed() ? back_up(*config, folder) : restore(*config, folder);
}

}  // namespace
}  // namespace evenkeel

int main(int argc, char** argv) {
    try {
        evenkeel::forbid_core_dumps();
        return evenkeel::main_with(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "evenkeel-orchestrator: " << error.what() << "\n";
        return 1;
    }
}
