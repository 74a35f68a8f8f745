#include "plugins/users/description.hpp"

#include <evenkeel/plugin.hpp>
#include <sys/stat.h>

#include "plugins/accounts/fields.hpp"
#include "plugins/users/date.hpp"
#include "plugins/users/password.hpp"

namespace evenkeel::users {

namespace {

bool can_be_described(const Password& password) {
    if (password.hash.empty()) return password.locked();
    try {
        require_hash(password.hash);
    } catch (const sdk::Failure&) {
        return false;
    }
    return true;
}

bool has_home(const accounts::User& user) {
    struct stat info {};
    return ::lstat(user.home.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == user.uid;
}

}  // namespace

std::string description_of(const accounts::User& user, const accounts::Database& database) {
    const Password password = password_of(user.password);
    const auto is_path = [](const std::string& text) { return !text.empty() && text[0] == '/'; };
    sdk::Object description;
    description.number("uid", user.uid);
    description.text("group", database.group_name(user.gid));
    description.raw("groups", accounts::to_json(database.groups_with(user.name)));
    if (is_path(user.home)) description.text("home", user.home);
    if (has_home(user)) description.boolean("create_home", true);
    if (is_path(user.shell)) description.text("shell", user.shell);
    description.text("gecos", user.gecos);
    if (can_be_described(password))
        description.text("password_hash", password.hash).boolean("locked", password.locked());
    return description.text("expires", to_date(user.expires))
        .number("password_min_days", user.min)
        .number("password_max_days", user.max)
        .number("password_warn_days", user.warn)
        .number("password_inactive_days", user.inactive)
        .json();
}

}  // namespace evenkeel::users
