#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dirent.h>
#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directories_embedded.hpp"
#include "plugins/posix/each.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/format.hpp"
#include "plugins/posix/ownership.hpp"
#include "plugins/posix/path.hpp"
#include "plugins/posix/path_watch.hpp"
#include "plugins/posix/walk.hpp"

// The collection `directories`: directories by their absolute path.
namespace evenkeel::directories {

namespace {

sdk::Fd open_directory(const posix::Place& place, const std::string& path) {
    sdk::Fd fd(::openat(place.folder.get(), place.name.c_str(),
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw posix::os_failure(errno, "open " + path);
    return fd;
}

std::optional<struct stat> info_at(const posix::Place& place) {
    if (!place.missing.empty() || !place.blocker.empty()) return std::nullopt;
    return place.info();
}

const char* type_of(mode_t mode) {
    if (S_ISDIR(mode)) return "directory";
    if (S_ISREG(mode)) return "file";
    return S_ISLNK(mode) ? "symlink" : "other";
}

std::string state_of(const struct stat& info, posix::Accounts& accounts) {
    sdk::Object state;
    state.text("type", type_of(info.st_mode));
    posix::add_owner(info, accounts, state);
    if (!S_ISLNK(info.st_mode)) state.text("mode", posix::mode_text(info.st_mode));
    state.text("mtime", posix::to_rfc3339(info.st_mtim));
    return state.json();
}

void require_directory(const struct stat& info, const std::string& path) {
    if (S_ISDIR(info.st_mode)) return;
    throw sdk::Failure(EK_E_CONFLICT, path + " is no directory (" + type_of(info.st_mode) +
                                          ") and is not replaced")
        .at("/type");
}

posix::Ownership parse_desired(std::string_view text, posix::Accounts& accounts) {
    const sdk::json::Document description = sdk::json::parse_object(text);
    if (sdk::json::text_of(description, "type").value_or("directory") != "directory")
        throw sdk::Failure(EK_E_INVALID, "a described type is directory").at("/type");
    return posix::ownership_from(description, accounts);
}

// Created with mode 0700, and opened to others only once it has its owner.
void make(posix::Place& place, const std::string& path, const posix::Ownership& desired,
          sdk::Changes& changes) {
    posix::make_missing(place);
    if (::mkdirat(place.folder.get(), place.name.c_str(), 0700) != 0)
        throw posix::os_failure(errno, "make the directory " + path);
    changes.done("/ensure");
    const sdk::Fd fd = open_directory(place, path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "look at " + path);
    posix::Ownership all = desired;
    if (!all.mode) all.mode = 0755;
    posix::apply_ownership(fd.get(), info, all, path, changes);
    posix::sync_folder(place.folder);
}

bool is_empty(const posix::Place& place, const std::string& path) {
    const int fd = ::openat(place.folder.get(), place.name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fd < 0 ? nullptr : ::fdopendir(fd),
                                                      ::closedir);
    if (!entries) throw posix::os_failure(errno, "open " + path);
    while (const struct dirent* entry = ::readdir(entries.get()))
        if (entry->d_name != std::string_view(".") && entry->d_name != std::string_view(".."))
            return false;
    return true;
}

}  // namespace

class Directories {
  public:
    static constexpr std::string_view kName = "directories";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Directories(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view filter) {
        posix::Accounts accounts;
        posix::list_each(call, filter,
                         [&](const std::string& id) { return read_one(id, accounts); });
    }

    void read(const sdk::Call& call, std::string_view ids) {
        posix::Accounts accounts;
        posix::read_each(call, ids, [&](const std::string& id) { return read_one(id, accounts); });
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        posix::require_canonical(id);
        const std::string path(id);
        posix::Accounts accounts;
        const posix::Ownership desired = parse_desired(description, accounts);
        posix::Place place = posix::walk(path);
        if (!place.blocker.empty())
            throw sdk::Failure(EK_E_CONFLICT, place.blocker + " is on the way and no directory");
        const auto now = info_at(place);
        if (now) require_directory(*now, path);

        sdk::Changes changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        posix::compare(desired, now ? &*now : nullptr, accounts, changes);
        changes.carry_out(call, [&] {
            if (!now) return make(place, path, desired, changes);
            posix::apply_ownership(open_directory(place, path).get(), *now, desired, path, changes);
        });
        if (!call.dry_run()) call.state(state_of(place.info().value(), accounts));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        posix::require_canonical(id);
        const std::string path(id);
        const posix::Place place = posix::walk(path);
        const auto now = info_at(place);
        if (!now) return;
        require_directory(*now, path);
        if (path == "/") throw sdk::Failure(EK_E_DENIED, "/ is not removed");
        if (!is_empty(place, path))
            throw sdk::Failure(EK_E_CONFLICT, path + " is not empty")
                .hint("remove what is in it first");
        sdk::Changes changes;
        changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            if (::unlinkat(place.folder.get(), place.name.c_str(), AT_REMOVEDIR) != 0 &&
                errno != ENOENT)
                throw posix::os_failure(errno, "remove " + path);
            posix::sync_folder(place.folder);
        });
    }

    class Watch : public posix::PathWatch {
      public:
        Watch(Directories&, const sdk::Call&, const sdk::WatchHost& host) : PathWatch(host) {}
    };

  private:
    static std::optional<std::string> read_one(const std::string& id, posix::Accounts& accounts) {
        posix::require_canonical(id);
        const auto info = info_at(posix::walk(id));
        if (!info) return std::nullopt;
        return state_of(*info, accounts);
    }
};

}  // namespace evenkeel::directories

EVENKEEL_MODULE("org.evenkeel.directories", EVENKEEL_VERSION, kManifest,
                evenkeel::directories::Directories)
