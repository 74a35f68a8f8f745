#include "plugins/files/apply.hpp"

#include <cerrno>

#include <fcntl.h>

#include "plugins/files/desired.hpp"
#include "plugins/files/diff.hpp"
#include "plugins/files/entry.hpp"
#include "plugins/files/replace.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::files {

namespace {

void compare_content(const Entry& now, const Desired& desired, sdk::Changes& changes) {
    const Content after = content_of(*desired.content);
    const bool had = now.kind == Kind::file;
    if (had && now.content.sha256 == after.sha256 && now.content.size == after.size) return;
    std::string diff;
    if (had && !desired.sensitive && now.content.bytes && after.size <= kDiffInputMax)
        diff = unified_diff(*now.content.bytes, *after.bytes);
    changes.field("/content", had ? std::optional(now.content.json()) : std::nullopt,
                  after.json(diff), desired.sensitive ? std::uint32_t{EK_CHG_SENSITIVE} : 0u);
}

// Anyone who may write to the directory can put a hard link to any file there, and would have us
// change the owner or mode of that file.
void require_own_name(const posix::Place& place, const Entry& now, const std::string& path) {
    struct stat folder {};
    if (now.info.st_nlink < 2) return;
    if (::fstat(place.folder.get(), &folder) != 0)
        throw posix::os_failure(errno, "look at the directory of " + path);
    if (folder.st_uid == ::geteuid() && (folder.st_mode & 022) == 0) return;
    throw sdk::Failure(EK_E_DENIED, path +
                                        " has more than one name, and others than root can "
                                        "write to its directory")
        .hint("remove the other names, or give the directory to root");
}

void change_in_place(const posix::Place& place, const std::string& path, const Entry& now,
                     const Desired& desired, sdk::Changes& changes) {
    require_own_name(place, now, path);
    const char* const name = place.name.c_str();
    if (now.kind == Kind::symlink) {
        const posix::Ownership& to = desired.ownership;
        if (::fchownat(place.folder.get(), name, to.uid.value_or(now.info.st_uid),
                       to.gid.value_or(now.info.st_gid), AT_SYMLINK_NOFOLLOW) != 0)
            throw posix::os_failure(errno, "change the owner of " + path);
        return;
    }
    const sdk::Fd fd(::openat(place.folder.get(), name,
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "open " + path);
    if (info.st_dev != now.info.st_dev || info.st_ino != now.info.st_ino)
        throw sdk::Failure(EK_E_CONFLICT, path + " was replaced by somebody else meanwhile");
    posix::apply_ownership(fd.get(), info, desired.ownership, path, changes);
}

}  // namespace

sdk::Changes difference(const Entry& now, const Desired& desired, const std::string& path,
                        posix::Accounts& accounts) {
    const Kind kind = desired.symlink ? Kind::symlink : Kind::file;
    if (now.kind == Kind::directory || now.kind == Kind::other)
        throw sdk::Failure(EK_E_CONFLICT,
                           path + " is " +
                               (now.kind == Kind::directory ? "a directory" : "no regular file") +
                               " and is not replaced")
            .at("/type");
    if (desired.symlink && !desired.target && now.kind != Kind::symlink)
        throw sdk::Failure(EK_E_INVALID, "a new symlink needs a target").at("/target");

    sdk::Changes changes;
    if (now.kind == Kind::absent) {
        changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    } else if (now.kind != kind) {
        changes.field("/type", sdk::quote(to_string(now.kind)), sdk::quote(to_string(kind)), 0,
                      EK_ACT_REPLACE);
    }
    if (desired.content) compare_content(now, desired, changes);
    if (desired.target)
        changes.field(
            "/target",
            now.kind == Kind::symlink ? std::optional(sdk::quote(now.target)) : std::nullopt,
            sdk::quote(*desired.target));
    posix::compare(desired.ownership, now.kind == kind ? &now.info : nullptr, accounts, changes);
    return changes;
}

void apply_changes(const posix::Place& place, const std::string& path, const Entry& now,
                   const Desired& desired, const sdk::Call& call, sdk::Changes& changes) {
    const bool replaced = changes.has("/ensure") || changes.has("/type") ||
                          changes.has("/content") || changes.has("/target");
    if (!replaced) {
        change_in_place(place, path, now, desired, changes);
    } else if (desired.symlink) {
        replace_with_symlink(place, path, now, desired.target.value_or(now.target),
                             desired.ownership, call);
    } else {
        replace_with_file(place, path, now, desired.content.value_or(""), desired.ownership, call);
    }
}

}  // namespace evenkeel::files
