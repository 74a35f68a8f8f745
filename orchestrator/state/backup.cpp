#include "orchestrator/state/backup.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/state.hpp"
#include "orchestrator/state/tables.hpp"

namespace evenkeel::state {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStore = "/store";
constexpr const char* kNew = "/store.restoring";
constexpr const char* kOld = "/store.before-restore";

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

// What a restored store needs before an orchestrator takes it up.
Result<void> begin_anew(const std::string& folder) {
    store::Env env = EK_TRY(store::Env::open(folder, store_options()));
    store::WriteTxn txn = EK_TRY(env.write());
    const Tables tables = tables_of(env);
    const std::uint64_t revision = EK_TRY(View(txn, tables).revision());
    const store::Stream stream = EK_TRY(store::begin_stream(env, txn, revision));
    const SteadyClock clock;
    Edit edit(txn, tables, stream.id, clock);
    // Events of the backup carry ids of the old stream, from which no client can resume any more.
    EK_CHECK(edit.events().erase_all(revision));
    EK_CHECK(interrupt_all(edit));
    edit.note("stream", stream.id);
    EK_CHECK(edit.audit({.method = "SYSTEM", .route = "restore", .object = "store"}));
    return txn.commit();
}

}  // namespace

Result<void> backup(const std::string& state_dir, const std::vector<std::string>& files,
                    const std::string& to) {
    EK_CHECK(require_file(state_dir + kStore + "/data.mdb", "store", state_dir));
    EK_CHECK(require_empty(to));
    EK_CHECK(store::Env::copy(state_dir + kStore, to + kStore));
    for (const std::string& name : files) {
        EK_CHECK(copy_file(state_dir + "/" + name, to + "/" + name));
    }
    return {};
}

Result<Fd> lock_stopped(const std::string& state_dir) {
    auto lock = lock_file(state_dir + "/lock");
    if (lock || lock.error().code != Errc::busy) return lock;
    return fail(Errc::busy, "an orchestrator, or another restore, works on " + state_dir +
                                ": stop it first (systemctl stop evenkeel-orchestrator)");
}

// When root does it, the daemon runs as another user.
Result<void> give_to_owner(const std::string& state_dir) {
    if (::geteuid() != 0) return {};
    struct stat info {};
    if (::stat(state_dir.c_str(), &info) != 0) {
        return fail(system_error(errno, "read " + state_dir));
    }
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(state_dir, error)) {
        if (::lchown(entry.path().c_str(), info.st_uid, info.st_gid) != 0) {
            return fail(system_error(errno, "set owner of " + entry.path().string()));
        }
    }
    if (error) return fail(system_error(error.value(), "read " + state_dir));
    return {};
}

Result<void> restore(const std::string& state_dir, const std::vector<std::string>& files,
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
    EK_CHECK(begin_anew(state_dir + kNew));
    for (const std::string& name : files) {
        EK_CHECK(copy_file(from + "/" + name, state_dir + "/" + name));
    }
    EK_CHECK(remove_folder(state_dir + kOld));
    if (::access((state_dir + kStore).c_str(), F_OK) == 0) {
        EK_CHECK(rename(state_dir + kStore, state_dir + kOld));
    }
    EK_CHECK(rename(state_dir + kNew, state_dir + kStore));
    return give_to_owner(state_dir);
}

}  // namespace evenkeel::state
