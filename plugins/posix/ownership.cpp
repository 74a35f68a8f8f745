#include "plugins/posix/ownership.hpp"

#include <cerrno>

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

void compare(const Ownership& desired, const struct stat* now, Accounts& accounts,
             sdk::Changes& changes) {
    const auto before = [&](const std::string& text) {
        return now ? std::optional(sdk::quote(text)) : std::nullopt;
    };
    if (desired.uid && (!now || now->st_uid != *desired.uid))
        changes.field("/owner", before(now ? accounts.user_name(now->st_uid) : ""),
                      sdk::quote(accounts.user_name(*desired.uid)));
    if (desired.gid && (!now || now->st_gid != *desired.gid))
        changes.field("/group", before(now ? accounts.group_name(now->st_gid) : ""),
                      sdk::quote(accounts.group_name(*desired.gid)));
    if (desired.mode)
        changes.field("/mode", before(now ? mode_text(now->st_mode) : ""),
                      sdk::quote(mode_text(*desired.mode)));
}

void apply_ownership(int fd, const struct stat& now, const Ownership& desired,
                     const std::string& path, sdk::Changes& changes) {
    const uid_t uid = desired.uid.value_or(now.st_uid);
    const gid_t gid = desired.gid.value_or(now.st_gid);
    const bool other_owner = uid != now.st_uid || gid != now.st_gid;
    if (other_owner) {
        if (::fchown(fd, uid, gid) != 0) throw os_failure(errno, "change the owner of " + path);
        changes.done("/owner");
        changes.done("/group");
    }
    if (desired.mode && (other_owner || *desired.mode != (now.st_mode & 07777u))) {
        if (::fchmod(fd, *desired.mode) != 0) throw os_failure(errno, "change the mode of " + path);
        changes.done("/mode");
    }
}

void add_owner(const struct stat& now, Accounts& accounts, sdk::Object& state) {
    state.text("owner", accounts.user_name(now.st_uid));
    state.text("group", accounts.group_name(now.st_gid));
    state.number("uid", now.st_uid).number("gid", now.st_gid);
}

}  // namespace evenkeel::posix
