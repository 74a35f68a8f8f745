#include "plugins/posix/ownership.hpp"

#include <cerrno>
#include <vector>

#include <sys/xattr.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/format.hpp"

namespace evenkeel::posix {

Ownership ownership_from(const sdk::json::Value& description, Accounts& accounts) {
    Ownership desired;
    if (const auto owner = sdk::json::text_of(description, "owner"))
        desired.uid = accounts.uid_of(*owner, "/owner");
    if (const auto group = sdk::json::text_of(description, "group"))
        desired.gid = accounts.gid_of(*group, "/group");
    if (const auto mode = sdk::json::text_of(description, "mode")) desired.mode = mode_of(*mode);
    return desired;
}

Ownership resulting(const Ownership& desired, const struct stat& object) {
    Ownership after{desired.uid.value_or(object.st_uid), desired.gid.value_or(object.st_gid),
                    desired.mode.value_or(object.st_mode & 07777u)};
    if (desired.mode || S_ISDIR(object.st_mode)) return after;
    if (*after.uid == 0 && object.st_uid != 0) *after.mode &= ~mode_t{S_ISUID};
    if (*after.gid == 0 && object.st_gid != 0) *after.mode &= ~mode_t{S_ISGID};
    return after;
}

void compare(const Ownership& after, const struct stat* now, Accounts& accounts,
             sdk::Changes& changes) {
    const auto before = [&](const std::string& text) {
        return now ? std::optional(sdk::quote(text)) : std::nullopt;
    };
    if (after.uid && (!now || now->st_uid != *after.uid))
        changes.field("/owner", before(now ? accounts.user_name(now->st_uid) : ""),
                      sdk::quote(accounts.user_name(*after.uid)));
    if (after.gid && (!now || now->st_gid != *after.gid))
        changes.field("/group", before(now ? accounts.group_name(now->st_gid) : ""),
                      sdk::quote(accounts.group_name(*after.gid)));
    if (after.mode)
        changes.field("/mode", before(now ? mode_text(now->st_mode) : ""),
                      sdk::quote(mode_text(*after.mode)));
}

namespace {

constexpr const char* kCapability = "security.capability";

void change_owner(int fd, uid_t uid, gid_t gid, const std::string& path) {
    std::vector<char> capability(256);
    const ssize_t length = ::fgetxattr(fd, kCapability, capability.data(), capability.size());
    if (::fchown(fd, uid, gid) != 0) throw os_failure(errno, "change the owner of " + path);
    if (length > 0 &&
        ::fsetxattr(fd, kCapability, capability.data(), static_cast<std::size_t>(length), 0) != 0)
        throw os_failure(errno, "keep the capabilities of " + path);
}

}  // namespace

void apply_ownership(int fd, const struct stat& now, const Ownership& after,
                     const std::string& path, sdk::Changes& changes) {
    const uid_t uid = after.uid.value_or(now.st_uid);
    const gid_t gid = after.gid.value_or(now.st_gid);
    const bool other_owner = uid != now.st_uid || gid != now.st_gid;
    if (other_owner) {
        change_owner(fd, uid, gid, path);
        changes.done("/owner");
        changes.done("/group");
    }
    if (after.mode && (other_owner || *after.mode != (now.st_mode & 07777u))) {
        if (::fchmod(fd, *after.mode) != 0) throw os_failure(errno, "change the mode of " + path);
        changes.done("/mode");
    }
}

void add_owner(const struct stat& now, Accounts& accounts, sdk::Object& state) {
    state.text("owner", accounts.user_name(now.st_uid));
    state.text("group", accounts.group_name(now.st_gid));
    state.number("uid", now.st_uid).number("gid", now.st_gid);
}

}  // namespace evenkeel::posix
