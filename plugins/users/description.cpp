#include "plugins/users/description.hpp"

#include <algorithm>

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

// What the schema allows a description: a machine may have anything else by hand.
bool is_plain(const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        return c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

bool is_path(const std::string& text) {
    return text.starts_with('/') && is_plain(text);
}

bool is_day(const std::string& date) {
    try {
        days_of(date);
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
    sdk::Object description;
    description.number("uid", user.uid);
    description.text("group", database.group_name(user.gid));
    description.raw("groups", accounts::to_json(database.groups_with(user.name)));
    if (is_path(user.home)) description.text("home", user.home);
    if (has_home(user)) description.boolean("create_home", true);
    if (is_path(user.shell)) description.text("shell", user.shell);
    if (is_plain(user.gecos)) description.text("gecos", user.gecos);
    if (can_be_described(password))
        description.text("password_hash", password.hash).boolean("locked", password.locked());
    if (is_day(to_date(user.expires))) description.text("expires", to_date(user.expires));
    return description.number("password_min_days", user.min)
        .number("password_max_days", user.max)
        .number("password_warn_days", user.warn)
        .number("password_inactive_days", user.inactive)
        .json();
}

}  // namespace evenkeel::users
