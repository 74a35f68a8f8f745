#include "plugins/users/commands.hpp"

#include <utility>

#include "plugins/accounts/describe.hpp"
#include "plugins/users/password.hpp"

namespace evenkeel::users {

namespace {

using accounts::Command;
using accounts::Database;
using accounts::User;

class Builder {
  public:
    Builder(std::string tool, const sdk::Changes& changes)
        : command_{std::move(tool), {}, {}, {}}, changes_(changes) {}

    void flag(const char* word) { command_.arguments.emplace_back(word); }
    // The option, if the field is one of the changes.
    void option(const char* field, const char* word, std::string value) {
        if (!changes_.has(field)) return;
        command_.arguments.insert(command_.arguments.end(), {word, std::move(value)});
        covers(field);
    }
    void covers(const char* field) { command_.fields.emplace_back(field); }

    bool empty() const { return command_.fields.empty(); }
    Command for_login(const std::string& login) {
        command_.arguments.push_back(login);
        return std::move(command_);
    }

  private:
    Command command_;
    const sdk::Changes& changes_;
};

// What useradd and usermod call alike.
void add_passwd_fields(Builder& builder, const Wanted& wanted) {
    builder.option("/uid", "-u", std::to_string(wanted.uid.value_or(0)));
    builder.option("/group", "-g", std::to_string(wanted.gid.value_or(0)));
    builder.option("/groups", "-G",
                   accounts::joined(wanted.groups.value_or(std::vector<std::string>())));
    builder.option("/home", "-d", wanted.home.value_or(""));
    builder.option("/shell", "-s", wanted.shell.value_or(""));
    builder.option("/gecos", "-c", wanted.gecos.value_or(""));
}

Command create(const std::string& login, const Wanted& wanted, const Database& database,
               const sdk::Changes& changes) {
    Builder builder("useradd", changes);
    builder.covers("/ensure");
    if (wanted.system) builder.flag("-r");
    builder.flag(wanted.create_home ? "-m" : "-M");
    add_passwd_fields(builder, wanted);
    const accounts::Group* const own = database.group(login);
    if (!wanted.group && own) {
        builder.flag("-g");
        builder.flag(std::to_string(own->gid).c_str());
    } else if (!wanted.group) {
        builder.flag("-U");
    }
    return builder.for_login(login);
}

// chpasswd writes the whole field and the day of the last change with it, so that a lock alone is
// left to usermod; which takes off one "!" only.
bool needs_chpasswd(const Password& before, const sdk::Changes& changes, const Password& after) {
    if (before.field() == after.field()) return false;
    return changes.has("/password_hash") || (before.bangs > 1 && !after.locked());
}

Password target(const Password& before, bool is_new, const Wanted& wanted) {
    Password after = before;
    if (wanted.password_hash) after.hash = *wanted.password_hash;
    const bool locked =
        wanted.locked.value_or(is_new ? !wanted.password_hash.has_value() : before.locked());
    if (locked != before.locked()) after.bangs = locked ? 1 : 0;
    return after;
}

}  // namespace

std::vector<Command> commands_for(const std::string& login, const User* now, const Wanted& wanted,
                                  const Database& database, const sdk::Changes& changes) {
    std::vector<Command> commands;
    // useradd leaves a locked account without a password.
    const Password before = password_of(now ? now->password : "!");
    const Password after = target(before, now == nullptr, wanted);
    const bool by_chpasswd = needs_chpasswd(before, changes, after);

    if (!now) {
        commands.push_back(create(login, wanted, database, changes));
        if (!by_chpasswd && changes.has("/locked")) commands.back().fields.push_back("/locked");
        if (!by_chpasswd && changes.has("/password_hash"))
            commands.back().fields.push_back("/password_hash");
    } else {
        Builder builder("usermod", changes);
        add_passwd_fields(builder, wanted);
        if (!by_chpasswd && changes.has("/locked")) {
            builder.flag(after.locked() ? "-L" : "-U");
            builder.covers("/locked");
        }
        if (!builder.empty()) commands.push_back(builder.for_login(login));
    }

    if (by_chpasswd) {
        Command command{"chpasswd", {"-e"}, login + ":" + after.field() + "\n", {}};
        for (const char* field : {"/password_hash", "/locked"})
            if (changes.has(field)) command.fields.emplace_back(field);
        commands.push_back(std::move(command));
    }

    Builder aging("chage", changes);
    aging.option("/expires", "-E", std::to_string(wanted.expires.value_or(0)));
    aging.option("/password_min_days", "-m", std::to_string(wanted.min.value_or(0)));
    aging.option("/password_max_days", "-M", std::to_string(wanted.max.value_or(0)));
    aging.option("/password_warn_days", "-W", std::to_string(wanted.warn.value_or(0)));
    aging.option("/password_inactive_days", "-I", std::to_string(wanted.inactive.value_or(0)));
    if (!aging.empty()) commands.push_back(aging.for_login(login));
    return commands;
}

}  // namespace evenkeel::users
