#include "plugins/users/difference.hpp"

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/fields.hpp"
#include "plugins/users/date.hpp"
#include "plugins/users/desired.hpp"
#include "plugins/users/password.hpp"

namespace evenkeel::users {

namespace {

using accounts::User;

// Records the field if it is described and not so. `now` is left out for a new user.
template <typename T, typename ToJson>
void compare(sdk::Changes& changes, const char* path, const User* now, const T& actual,
             const std::optional<T>& desired, ToJson&& to_json, std::uint32_t flags = 0) {
    if (!desired || (now && actual == *desired)) return;
    changes.field(path, now ? std::optional<std::string>(to_json(actual)) : std::nullopt,
                  to_json(*desired), flags);
}

std::string truth_json(bool value) {
    return value ? "true" : "false";
}

std::string date_json(std::int64_t days) {
    return sdk::quote(to_date(days));
}

}  // namespace

std::string state_of(const User& user, const accounts::Database& database) {
    const Password password = password_of(user.password);
    return sdk::Object()
        .number("uid", user.uid)
        .text("group", database.group_name(user.gid))
        .number("gid", user.gid)
        .raw("groups", accounts::to_json(database.groups_with(user.name)))
        .text("home", user.home)
        .text("shell", user.shell)
        .text("gecos", user.gecos)
        .text("password_hash", password.hash)
        .boolean("locked", password.locked())
        .text("expires", to_date(user.expires))
        .number("password_min_days", user.min)
        .number("password_max_days", user.max)
        .number("password_warn_days", user.warn)
        .number("password_inactive_days", user.inactive)
        .json();
}

sdk::Changes difference(const std::string& login, const User* now, const Desired& desired,
                        const accounts::Database& database) {
    const User none;
    const User& user = now ? *now : none;
    const Password password = password_of(user.password);
    const auto number = [](auto value) { return std::to_string(value); };
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    compare(changes, "/uid", now, user.uid, desired.uid, number);
    if (desired.group && !(now && desired.gid == user.gid))
        changes.field("/group",
                      now ? std::optional(sdk::quote(database.group_name(user.gid))) : std::nullopt,
                      sdk::quote(*desired.group));
    if (!now && !desired.group) changes.field("/group", std::nullopt, sdk::quote(login));
    const auto& groups = database.groups_with(login);
    compare(changes, "/groups", now, groups, desired.groups, accounts::to_json);
    if (!now && !desired.groups && !groups.empty())
        changes.field("/groups", std::nullopt, accounts::to_json(groups));
    compare(changes, "/home", now, user.home, desired.home, sdk::quote);
    compare(changes, "/shell", now, user.shell, desired.shell, sdk::quote);
    compare(changes, "/gecos", now, user.gecos, desired.gecos, sdk::quote);
    compare(changes, "/password_hash", now, password.hash, desired.password_hash, sdk::quote,
            EK_CHG_SENSITIVE);
    compare(changes, "/locked", now, password.locked(), desired.locked, truth_json);
    compare(changes, "/expires", now, user.expires, desired.expires, date_json);
    compare(changes, "/password_min_days", now, user.min, desired.min, number);
    compare(changes, "/password_max_days", now, user.max, desired.max, number);
    compare(changes, "/password_warn_days", now, user.warn, desired.warn, number);
    compare(changes, "/password_inactive_days", now, user.inactive, desired.inactive, number);
    return changes;
}

}  // namespace evenkeel::users
