#include "orchestrator/state/backup.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/rest_objects.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/stopped_state.hpp"
#include "orchestrator/state/tables.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::state {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStore = "/store";
constexpr const char* kNew = "/store.restoring";
constexpr const char* kOld = "/store.before-restore";
constexpr const char* kOldFiles = "/keys.before-restore";
constexpr const char* kMark = "/restore.unfinished";
constexpr const char* kContent = "/backup.json";

// What cannot be read is another mistake than what is not there: the folder may be root's.
Result<void> require_file(const std::string& path, const std::string& what,
                          const std::string& folder) {
    if (::access(path.c_str(), R_OK) == 0) return {};
    if (errno == ENOENT || errno == ENOTDIR) {
        return fail(Errc::not_found, "there is no " + what + " in " + folder);
    }
    return fail(system_error(errno, "read " + path));
}

Result<void> copy_file(const std::string& from, const std::string& to) {
    const auto content = read_file(from);
    if (!content && content.error().code == Errc::not_found) return {};
    if (!content) return fail(content.error());
    struct stat info {};
    if (::stat(from.c_str(), &info) != 0) return fail(system_error(errno, "read " + from));
    return write_file(to, *content, info.st_mode & 0777);
}

Result<void> require_empty(const std::string& folder) {
    EK_CHECK(make_folder(folder, 0700));
    std::error_code error;
    const bool empty = fs::is_empty(folder, error);
    if (error) return fail(system_error(error.value(), "read " + folder));
    if (!empty) return fail(Errc::conflict, folder + " is not empty");
    return {};
}

Result<void> remove_folder(const std::string& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) return fail(system_error(error.value(), "remove " + folder));
    return {};
}

Result<void> rename(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return fail(system_error(error.value(), "rename " + from));
    return {};
}

Result<void> interrupt_all(Edit& edit) {
    std::vector<Command> commands;
    EK_CHECK(edit.commands().each_unfinished([&](const Command& command) {
        commands.push_back(command);
        return true;
    }));
    for (Command& command : commands) {
        command.state = CommandState::interrupted;
        command.error = Error{Errc::cancelled, "the orchestrator was restored from a backup"};
        EK_CHECK(edit.commands().put(command));
    }
    return {};
}

// What was still to be sent may have been sent after the backup, and changed since.
Result<void> hold_all_to_compile(Edit& edit) {
    std::vector<std::string> hosts;
    EK_CHECK(edit.to_compile().each([&](std::string_view host, const HostToCompile&) {
        hosts.emplace_back(host);
        return true;
    }));
    for (const std::string& host : hosts) {
        const auto there = EK_TRY(edit.hosts().find(host));
        if (there && !there->retired()) EK_CHECK(edit.wanted().hold(host));
    }
    return {};
}

Result<BackupContent> content_of(const store::Env& env, const store::ReadTxn& txn) {
    const Tables tables = tables_of(env);
    const View view(txn, tables);
    BackupContent content;
    content.stream = EK_TRY(store::stream_of(env, txn)).id;
    content.revision = EK_TRY(view.revision());
    content.head = EK_TRY(view.audit_trail().head());
    EK_CHECK(view.hosts().each([&](const Host& host) {
        if (!host.retired()) ++content.hosts;
        return true;
    }));
    return content;
}

// Of a copy; nobody else has it, so what opening it makes there need not stay.
Result<std::optional<BackupContent>> read_content(const std::string& folder) {
    BackupContent content;
    {
        const auto env = store::Env::open_for_reading(folder, store_options());
        // An older layout has other tables.
        if (!env && env.error().code == Errc::not_found) return std::optional<BackupContent>();
        if (!env) return fail(env.error());
        const store::ReadTxn txn = EK_TRY(env->read());
        content = EK_TRY(content_of(*env, txn));
    }
    for (const char* name : {"/lock", "/lock.mdb"}) ::unlink((folder + name).c_str());
    return std::optional(content);
}

// When a backup was made, as it says itself.
std::string time_of(const std::string& backup) {
    const auto text = read_file(backup + kContent);
    const auto content = text ? json::parse(*text) : fail(text.error());
    return content ? content->string_or("made") : "";
}

// What a restored store needs before an orchestrator takes it up.
Result<Restored> begin_anew(const std::string& folder, const std::string& made) {
    store::Env env = EK_TRY(store::Env::open(folder, store_options()));
    store::WriteTxn txn = EK_TRY(env.write());
    const Tables tables = tables_of(env);
    Restored restored;
    restored.backup = EK_TRY(content_of(env, txn));
    restored.backup.made = made;
    restored.stream = EK_TRY(store::begin_stream(env, txn, restored.backup.revision)).id;
    const rest::RestoredEvent event{
        .stream = restored.stream,
        .backup = {.stream = restored.backup.stream,
                   .revision = restored.backup.revision,
                   .head = restored.backup.head,
                   .made = made.empty() ? std::nullopt : std::optional(made)}};
    const SteadyClock clock;
    Edit edit(txn, tables, restored.stream, clock);
    // Events of the backup carry ids of the old stream, from which no client can resume any more.
    EK_CHECK(edit.events().erase_all(restored.backup.revision));
    EK_TRY(edit.add_event(EventType::orchestrator_restored, "", "store", encode(event)));
    EK_CHECK(interrupt_all(edit));
    EK_CHECK(hold_all_to_compile(edit));
    return edit
        .audit({.method = "SYSTEM",
                .route = "restore",
                .object = "store",
                .detail = encode(event).as_object()})
        .and_then([&] { return txn.commit(); })
        .map([&] { return std::move(restored); });
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// What a restore replaces is kept beside, and is out of the way. The mark stands from here to the
// end: where it stands and the store is gone, an earlier restore was interrupted, and what is kept
// is what was there before that one. Returns whether a store is kept.
Result<bool> set_aside(const std::string& state_dir, const std::vector<std::string>& files) {
    const bool has_store = is_there(state_dir + kStore);
    if (!has_store && is_there(state_dir + kMark)) return is_there(state_dir + kOld);
    EK_CHECK(remove_folder(state_dir + kOldFiles));
    EK_CHECK(make_folder(state_dir + kOldFiles, 0700));
    for (const std::string& name : files) {
        EK_CHECK(copy_file(state_dir + "/" + name, state_dir + kOldFiles + "/" + name));
    }
    if (has_store) EK_CHECK(remove_folder(state_dir + kOld));
    EK_CHECK(write_file(state_dir + kMark, "", 0600));
    if (has_store) EK_CHECK(rename(state_dir + kStore, state_dir + kOld));
    EK_CHECK(sync_path(state_dir));
    return has_store;
}

}  // namespace

json::Object encode(const BackupContent& content) {
    return json::Object{{"made", content.made},
                        {"stream", content.stream},
                        {"revision", content.revision},
                        {"hosts", content.hosts},
                        {"head", crypto::encode(content.head)}};
}

Result<Backup> backup(const std::string& state_dir, const std::vector<std::string>& files,
                      const std::string& to) {
    EK_CHECK(require_file(state_dir + kStore + "/data.mdb", "store", state_dir));
    EK_CHECK(require_empty(to));
    const std::string made = now_rfc3339();
    EK_CHECK(store::Env::copy(state_dir + kStore, to + kStore));
    for (const std::string& name : files) {
        EK_CHECK(copy_file(state_dir + "/" + name, to + "/" + name));
    }
    Backup backup{.content = EK_TRY(read_content(to + kStore))};
    json::Object content{{"made", made}};
    if (backup.content) {
        backup.content->made = made;
        content = encode(*backup.content);
    }
    EK_CHECK(write_file(to + kContent, json::write(std::move(content)) + "\n", 0600));
    std::error_code error;
    backup.bytes = fs::file_size(to + kStore + "/data.mdb", error);
    if (error) return fail(system_error(error.value(), "look at " + to + kStore));
    return backup;
}

Result<Restored> restore(const std::string& state_dir, const std::vector<std::string>& files,
                         const std::string& from, const std::vector<std::string>& needed) {
    EK_CHECK(require_file(from + kStore + "/data.mdb", "backup", from));
    for (const std::string& name : needed) {
        EK_CHECK(require_file(from + "/" + name, name, "the backup " + from));
    }
    EK_CHECK(make_folder(state_dir, 0700));
    const Fd lock = EK_TRY(lock_stopped(state_dir));
    // What is in place stays until the backup has shown to be sound.
    EK_TRY(store::Env::check_copy(from + kStore));
    EK_CHECK(remove_folder(state_dir + kNew));
    EK_CHECK(store::Env::copy(from + kStore, state_dir + kNew));
    Restored restored = EK_TRY(begin_anew(state_dir + kNew, time_of(from)));
    const bool keeps_store = EK_TRY(set_aside(state_dir, files));
    for (const std::string& name : files) {
        EK_CHECK(copy_file(from + "/" + name, state_dir + "/" + name));
    }
    EK_CHECK(rename(state_dir + kNew, state_dir + kStore));
    if (::unlink((state_dir + kMark).c_str()) != 0) {
        return fail(system_error(errno, "remove " + state_dir + kMark));
    }
    EK_CHECK(give_to_owner(state_dir));
    if (keeps_store) restored.former_store = state_dir + kOld;
    restored.former_files = state_dir + kOldFiles;
    return restored;
}

}  // namespace evenkeel::state
