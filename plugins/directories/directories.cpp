#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directories_embedded.hpp"
#include "plugins/posix/acl.hpp"
#include "plugins/posix/changeable.hpp"
#include "plugins/posix/each.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/format.hpp"
#include "plugins/posix/ownership.hpp"
#include "plugins/posix/path.hpp"
#include "plugins/posix/path_watch.hpp"
#include "plugins/posix/takeover.hpp"
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

// Nothing where we may not open it, as on a file system of the network that does not know root.
std::vector<std::string> grants_of(const posix::Place& place, const std::string& path,
                                   const struct stat& info, posix::Accounts& accounts) {
    if (!S_ISDIR(info.st_mode)) return {};
    const sdk::Fd fd(::openat(place.folder.get(), place.name.c_str(),
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && errno == EACCES) return {};
    if (!fd) throw posix::os_failure(errno, "open " + path);
    return posix::access_acl(fd.get(), path).beyond(info.st_mode, info.st_uid, accounts);
}

std::string state_of(const posix::Place& place, const std::string& path, const struct stat& info,
                     posix::Accounts& accounts) {
    sdk::Object state;
    state.text("type", type_of(info.st_mode));
    posix::add_owner(info, accounts, state);
    if (!S_ISLNK(info.st_mode)) state.text("mode", posix::mode_text(info.st_mode));
    const auto grants = grants_of(place, path, info, accounts);
    if (!grants.empty()) state.raw("acl", posix::list_json(grants));
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

// What is to become of a directory that is there.
struct Plan {
    sdk::Changes changes;
    bool drops_acl = false;
    posix::Ownership after;
};

// Throws EK_E_CONFLICT if it is not taken over; see posix::why_not_taken_over.
Plan plan_for(const posix::Place& place, const std::string& path, const struct stat& now,
              const posix::Ownership& desired, posix::Accounts& accounts) {
    const sdk::Fd fd = open_directory(place, path);
    const mode_t mode = desired.mode.value_or(now.st_mode);
    const auto grants = posix::access_acl(fd.get(), path).beyond(mode, now.st_uid, accounts);
    const auto for_files = posix::default_acl(fd.get(), path).beyond(mode, now.st_uid, accounts);
    Plan plan;
    plan.drops_acl = desired.mode && !grants.empty();
    plan.after = posix::resulting(desired, now);
    compare(plan.after, &now, accounts, plan.changes);
    if (plan.drops_acl) plan.changes.field("/acl", posix::list_json(grants), std::nullopt);
    if (plan.changes.empty()) return plan;
    const bool grants_more = desired.mode && !(grants.empty() && for_files.empty());
    const std::string why = posix::why_not_taken_over(place, now, desired, grants_more);
    if (!why.empty()) throw posix::not_taken_over(path, why);
    posix::require_changeable(place, path, posix::Doing::change);
    return plan;
}

Plan plan_for_new(const posix::Place& place, const std::string& path,
                  const posix::Ownership& desired, posix::Accounts& accounts) {
    Plan plan;
    plan.changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    compare(desired, nullptr, accounts, plan.changes);
    posix::require_changeable(place, path, posix::Doing::make);
    return plan;
}

void change(const posix::Place& place, const std::string& path, const struct stat& now,
            Plan& plan) {
    const sdk::Fd fd = open_directory(place, path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "look at " + path);
    if (info.st_dev != now.st_dev || info.st_ino != now.st_ino || info.st_uid != now.st_uid)
        throw sdk::Failure(EK_E_CONFLICT, path + " was replaced by somebody else meanwhile");
    if (plan.drops_acl) {
        posix::drop_access_acl(fd.get(), path);
        plan.changes.done("/acl");
    }
    posix::apply_ownership(fd.get(), info, plan.after, path, plan.changes);
}

// Created with mode 0700, and opened to others only once it has its owner. Owner and group are set
// in any case: a setgid directory hands its own group down.
void make(posix::Place& place, const std::string& path, const posix::Ownership& desired,
          sdk::Changes& changes) {
    posix::make_missing(place);
    const sdk::Fd fd = posix::make_directory(place.folder, place.name, path);
    changes.done("/ensure");
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "look at " + path);
    const posix::Ownership all{desired.uid.value_or(::geteuid()), desired.gid.value_or(::getegid()),
                               desired.mode.value_or(0755)};
    posix::apply_ownership(fd.get(), info, all, path, changes);
    posix::sync_folder(place.folder);
}

}  // namespace

class Directories {
  public:
    static constexpr std::string_view kName = "directories";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Directories(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        posix::Accounts accounts;
        posix::read_each(call, ids, posix::stamped(stamp_, [&](const std::string& id) {
                             return read_one(id, accounts);
                         }));
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

        Plan plan = now ? plan_for(place, path, *now, desired, accounts)
                        : plan_for_new(place, path, desired, accounts);
        plan.changes.carry_out(call, [&] {
            if (now) return change(place, path, *now, plan);
            make(place, path, desired, plan.changes);
        });
        if (!call.dry_run()) call.state(state_of(place, path, place.info().value(), accounts));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        posix::require_canonical(id);
        const std::string path(id);
        const posix::Place place = posix::walk(path);
        const auto now = info_at(place);
        if (!now) return;
        require_directory(*now, path);
        if (path == "/") throw sdk::Failure(EK_E_DENIED, "/ is not removed");
        if (!posix::is_empty_directory(open_directory(place, path), path))
            throw sdk::Failure(EK_E_CONFLICT, path + " is not empty")
                .hint("remove what is in it first");
        posix::require_changeable(place, path, posix::Doing::remove);
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
        const posix::Place place = posix::walk(id);
        const auto info = info_at(place);
        if (!info) return std::nullopt;
        return state_of(place, id, *info, accounts);
    }

    sdk::Stamper stamp_;
};

}  // namespace evenkeel::directories

EVENKEEL_MODULE("org.evenkeel.directories", EVENKEEL_VERSION, kManifest,
                evenkeel::directories::Directories)
