#include "plugins/users/tool_calls.hpp"

#include <algorithm>
#include <utility>

#include "plugins/accounts/fields.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/users/desired.hpp"
#include "plugins/users/password.hpp"

namespace evenkeel::users {

namespace {

using accounts::Database;
using accounts::ToolCall;
using accounts::User;

class Builder {
  public:
    Builder(std::string tool, const sdk::Changes& changes)
        : tool_{std::move(tool), {}, {}, {}}, changes_(changes) {}

    void flag(const char* word) { tool_.arguments.emplace_back(word); }
    // The option, if the field is one of the changes.
    void option(const char* field, const char* word, std::string value) {
        if (!changes_.has(field)) return;
        tool_.arguments.insert(tool_.arguments.end(), {word, std::move(value)});
        covers(field);
    }
    void covers(const char* field) { tool_.fields.emplace_back(field); }
    // chage makes a missing line when it has anything to set.
    void line_with(std::int64_t min_days) {
        if (changes_.has("/password_min_days")) return;
        tool_.arguments.insert(tool_.arguments.end(), {"-m", std::to_string(min_days)});
    }

    bool empty() const { return tool_.fields.empty(); }
    ToolCall for_login(const std::string& login) {
        tool_.arguments.push_back(login);
        return std::move(tool_);
    }

  private:
    ToolCall tool_;
    const sdk::Changes& changes_;
};

// The options that useradd and usermod share.
void add_passwd_fields(Builder& builder, const Desired& desired) {
    builder.option("/uid", "-u", std::to_string(desired.uid.value_or(0)));
    if (desired.gid) builder.option("/group", "-g", std::to_string(*desired.gid));
    if (desired.groups) builder.option("/groups", "-G", accounts::joined(*desired.groups));
    builder.option("/home", "-d", desired.home.value_or(""));
    builder.option("/shell", "-s", desired.shell.value_or(""));
    builder.option("/gecos", "-c", desired.gecos.value_or(""));
}

ToolCall create(const std::string& login, const Desired& desired, const Database& database,
                const sdk::Changes& changes) {
    Builder builder("useradd", changes);
    builder.covers("/ensure");
    if (desired.system) builder.flag("-r");
    builder.flag(desired.create_home ? "-m" : "-M");
    add_passwd_fields(builder, desired);
    if (!desired.groups && changes.has("/groups")) builder.covers("/groups");
    if (!desired.group) builder.covers("/group");
    const accounts::Group* const own = database.group(login);
    if (!desired.group && own) {
        builder.flag("-g");
        builder.flag(std::to_string(own->gid).c_str());
    } else if (!desired.group) {
        builder.flag("-U");
    }
    return builder.for_login(login);
}

// A new user becomes a member of each group that names the login already. Those which are not
// described are rid of the name before there is such a user.
void leave_groups(const std::string& login, const Desired& desired, const Database& database,
                  std::vector<ToolCall>& calls) {
    if (!desired.groups) return;
    for (const std::string& name : database.groups_with(login))
        if (!std::binary_search(desired.groups->begin(), desired.groups->end(), name))
            calls.push_back({"gpasswd", {"-d", login, name}, {}, {}});
}

// chpasswd writes the whole field and also the day of the last change, so a lock alone is left to
// usermod; which removes one "!" only.
bool needs_chpasswd(const Password& before, const sdk::Changes& changes, const Password& after) {
    if (before.field() == after.field()) return false;
    return changes.has("/password_hash") || (before.bangs > 1 && !after.locked());
}

Password target(const Password& before, bool is_new, const Desired& desired) {
    Password after = before;
    if (desired.password_hash) after.hash = *desired.password_hash;
    const bool locked =
        desired.locked.value_or(is_new ? !desired.password_hash.has_value() : before.locked());
    if (locked != before.locked()) after.bangs = locked ? 1 : 0;
    return after;
}

Builder aging_call(const Desired& desired, const sdk::Changes& changes) {
    Builder aging("chage", changes);
    aging.option("/expires", "-E", std::to_string(desired.expires.value_or(0)));
    aging.option("/password_min_days", "-m", std::to_string(desired.min.value_or(0)));
    aging.option("/password_max_days", "-M", std::to_string(desired.max.value_or(0)));
    aging.option("/password_warn_days", "-W", std::to_string(desired.warn.value_or(0)));
    aging.option("/password_inactive_days", "-I", std::to_string(desired.inactive.value_or(0)));
    return aging;
}

ToolCall password_call(const std::string& login, const Password& after,
                       const sdk::Changes& changes) {
    ToolCall call{"chpasswd", {"-e"}, login + ":" + after.field() + "\n", {}};
    for (const char* field : {"/password_hash", "/locked"})
        if (changes.has(field)) call.fields.emplace_back(field);
    return call;
}

// A user of passwd without the line in shadow. chage makes that line with nothing in it, and
// chpasswd, which would fill it with defaults, then only puts the password in; usermod does
// nothing.
bool makes_shadow_line(const User* now, const sdk::Changes& changes) {
    if (!now || !now->lacks_shadow) return false;
    for (const char* field :
         {"/password_hash", "/locked", "/expires", "/password_min_days", "/password_max_days",
          "/password_warn_days", "/password_inactive_days"})
        if (changes.has(field)) return true;
    return false;
}

}  // namespace

std::vector<ToolCall> tool_calls_for(const std::string& login, const User* now,
                                     const Desired& desired, const Database& database,
                                     const sdk::Changes& changes) {
    std::vector<ToolCall> calls;
    // useradd makes a locked account without a password.
    const Password before = password_of(now ? now->password : "!");
    const Password after = target(before, now == nullptr, desired);
    const bool makes_line = makes_shadow_line(now, changes);
    const bool by_chpasswd = makes_line || needs_chpasswd(before, changes, after);

    if (!now) {
        leave_groups(login, desired, database, calls);
        calls.push_back(create(login, desired, database, changes));
        if (!by_chpasswd && changes.has("/locked")) calls.back().fields.push_back("/locked");
        if (!by_chpasswd && changes.has("/password_hash"))
            calls.back().fields.push_back("/password_hash");
    } else {
        Builder builder("usermod", changes);
        add_passwd_fields(builder, desired);
        if (!by_chpasswd && changes.has("/locked")) {
            builder.flag(after.locked() ? "-L" : "-U");
            builder.covers("/locked");
        }
        if (!builder.empty()) calls.push_back(builder.for_login(login));
    }

    Builder aging = aging_call(desired, changes);
    if (makes_line) aging.line_with(now->min);
    if (makes_line) calls.push_back(aging.for_login(login));
    if (by_chpasswd) calls.push_back(password_call(login, after, changes));
    if (!makes_line && !aging.empty()) calls.push_back(aging.for_login(login));
    return calls;
}

}  // namespace evenkeel::users
