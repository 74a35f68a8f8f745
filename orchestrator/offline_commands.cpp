#include "orchestrator/offline_commands.hpp"

#include <iostream>
#include <utility>
#include <vector>

#include "core/command_line/exit.hpp"
#include "core/crypto/record_chain.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/config.hpp"
#include "orchestrator/keys.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/backup.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/stopped_state.hpp"
#include "orchestrator/state/store_check.hpp"

namespace evenkeel {
namespace {

void print_message(const std::string& what) {
    std::cerr << "evenkeel-orchestrator: " << what << "\n";
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

// For an administrator who has lost the last token: whoever can write the state folder may.
Result<std::string> make_token(const Config& config, const std::string& file) {
    const std::string& folder = config.state_dir;
    if (!store::Env::exists(folder + "/store")) {
        return fail(Errc::not_found, "there is no store in " + folder);
    }
    const Fd lock = EK_TRY(state::lock_stopped(folder));
    std::string id;
    {
        run::Loop loop;  // does not run: nothing is told
        const auto state = EK_TRY(state::State::open(folder + "/store", loop));
        id = EK_TRY(api::make_admin_token(*state, file, "admin-token"));
        state->stop();
    }
    EK_CHECK(state::give_to_owner(folder));
    return id;
}

json::Value path_or_null(const std::string& path) {
    return path.empty() ? json::Value() : json::Value(path);
}

}  // namespace

int print_error(const Error& error, int code) {
    print_message(error.what);
    return code == kExitFailed && error.code == Errc::busy ? kExitInUse : code;
}

int verify_audit(const Config& config) {
    const auto end = state::verify_audit_of(config.state_dir);
    if (!end) return print_error(end.error());
    std::cout << json::write(crypto::encode(*end)) << "\n";
    return kExitDone;
}

int make_admin_token(const Config& config, std::string file) {
    if (file.empty()) file = config.state_dir + "/admin.token";
    const auto made = make_token(config, file);
    if (!made) return print_error(made.error());
    std::cout << json::write(json::Object{{"id", *made}, {"file", file}}) << "\n";
    return kExitDone;
}

int back_up(const Config& config, const std::string& to) {
    const auto made = state::backup(config.state_dir, kept_files(), to);
    if (!made) return print_error(made.error());
    json::Object told{{"backup", to}, {"bytes", made->bytes}};
    if (made->content) {
        for (auto& [name, value] : state::encode(*made->content)) told.set(name, std::move(value));
    }
    std::cout << json::write(std::move(told)) << "\n";
    return kExitDone;
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
    return kExitDone;
}

int check_store(const Config& config) {
    const auto found = state::check_store(config.state_dir);
    if (!found) return print_error(found.error());
    std::cout << store::json_of(*found) << "\n";
    return kExitDone;
}

}  // namespace evenkeel
