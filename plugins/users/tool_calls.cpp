#include "plugins/users/tool_calls.hpp"

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
    builder.option("/group", "-g", std::to_string(desired.gid.value_or(0)));
    builder.option("/groups", "-G",
                   accounts::joined(desired.groups.value_or(std::vector<std::string>())));
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
    const accounts::Group* const own = database.group(login);
    if (!desired.group && own) {
        builder.flag("-g");
        builder.flag(std::to_string(own->gid).c_str());
    } else if (!desired.group) {
        builder.flag("-U");
    }
    return builder.for_login(login);
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

}  // namespace

std::vector<ToolCall> tool_calls_for(const std::string& login, const User* now,
                                     const Desired& desired, const Database& database,
                                     const sdk::Changes& changes) {
    std::vector<ToolCall> calls;
    // useradd makes a locked account without a password.
    const Password before = password_of(now ? now->password : "!");
    const Password after = target(before, now == nullptr, desired);
    const bool by_chpasswd = needs_chpasswd(before, changes, after);

    if (!now) {
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

    if (by_chpasswd) {
        ToolCall call{"chpasswd", {"-e"}, login + ":" + after.field() + "\n", {}};
        for (const char* field : {"/password_hash", "/locked"})
            if (changes.has(field)) call.fields.emplace_back(field);
        calls.push_back(std::move(call));
    }

    Builder aging("chage", changes);
    aging.option("/expires", "-E", std::to_string(desired.expires.value_or(0)));
    aging.option("/password_min_days", "-m", std::to_string(desired.min.value_or(0)));
    aging.option("/password_max_days", "-M", std::to_string(desired.max.value_or(0)));
    aging.option("/password_warn_days", "-W", std::to_string(desired.warn.value_or(0)));
    aging.option("/password_inactive_days", "-I", std::to_string(desired.inactive.value_or(0)));
    if (!aging.empty()) calls.push_back(aging.for_login(login));
    return calls;
}

}  // namespace evenkeel::users
