#include "plugins/users/desired.hpp"

#include <algorithm>
#include <charconv>

#include "plugins/accounts/fields.hpp"
#include "plugins/users/date.hpp"
#include "plugins/users/password.hpp"

namespace evenkeel::users {

namespace {

namespace json = sdk::json;
using accounts::Database;

constexpr std::int64_t kDaysMax = 2147483647;
// The schema has no such limits, since it also validates states, and a machine may have anything.
constexpr std::size_t kTextMax = 4095;

std::optional<std::string> field_text(const json::Value& description, const char* name) {
    const auto text = json::text_of(description, name);
    if (!text) return std::nullopt;
    const auto breaks = [](char c) {
        return c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    if (text->size() > kTextMax || std::any_of(text->begin(), text->end(), breaks))
        throw sdk::Failure(EK_E_INVALID, std::string(name) +
                                             " has no colon, no control characters and at most "
                                             "4,095 bytes")
            .at("/" + std::string(name));
    return std::string(*text);
}

std::optional<std::string> path_text(const json::Value& description, const char* name) {
    auto text = field_text(description, name);
    if (!text || text->starts_with('/')) return text;
    throw sdk::Failure(EK_E_INVALID, std::string(name) + " is an absolute path")
        .at("/" + std::string(name));
}

void missing_group(const sdk::Call& call, const std::string& name, const std::string& pointer) {
    const std::string words = "there is no group \"" + name + "\"";
    if (!call.dry_run()) throw sdk::Failure(EK_E_INVALID, words).at(pointer);
    call.note(EK_SEV_WARNING, pointer, words + " yet");
}

void read_group(const sdk::Call& call, const json::Value& description, const Database& database,
                const accounts::User* now, Desired& desired) {
    desired.group = field_text(description, "group");
    if (!desired.group) return;
    const accounts::Group* group = database.group(*desired.group);
    std::uint32_t gid = 0;
    const char* const end = desired.group->data() + desired.group->size();
    const auto [stop, error] = std::from_chars(desired.group->data(), end, gid);
    const bool is_number = error == std::errc() && stop == end;
    if (!group && is_number) group = database.group_of(gid);
    // The user has the number of a group that is gone: nothing is to be changed.
    if (!group && is_number && now && now->gid == gid) {
        call.note(EK_SEV_WARNING, "/group", "no group has the number " + *desired.group);
        desired.gid = gid;
    } else if (group) desired.gid = group->gid;
    else missing_group(call, *desired.group, "/group");
}

void read_groups(const sdk::Call& call, const json::Value& description, const Database& database,
                 Desired& desired) {
    desired.groups = accounts::names_of(description, "groups");
    if (!desired.groups) return;
    for (const std::string& name : *desired.groups)
        if (!database.group(name))
            missing_group(call, name, accounts::pointer_to(description, "groups", name));
}

void read_password(const json::Value& description, const accounts::User* now, Desired& desired) {
    if (const auto hash = json::text_of(description, "password_hash")) {
        require_hash(*hash);
        desired.password_hash = std::string(*hash);
    }
    desired.locked = accounts::flag_of(description, "locked");
    const Password before = password_of(now ? now->password : "!");
    const std::string hash = desired.password_hash.value_or(before.hash);
    const bool locked =
        desired.locked.value_or(now ? before.locked() : !desired.password_hash.has_value());
    const bool open_already = now && now->password.empty();
    if (!hash.empty() || locked || open_already) return;
    throw sdk::Failure(EK_E_INVALID, "an account that is not locked needs a password_hash")
        .at(desired.password_hash ? "/password_hash" : "/locked")
        .hint("\"*\" is for an account that no password opens");
}

void refuse_taken_uid(const Database& database, const accounts::User* now, std::uint32_t uid) {
    const accounts::User* const other = database.user_of(uid);
    if (!other || (now && now->uid == uid)) return;
    throw sdk::Failure(EK_E_CONFLICT, "the user " + other->name + " has the uid " +
                                          std::to_string(uid) + " already")
        .at("/uid");
}

}  // namespace

Desired parse_desired(const sdk::Call& call, std::string_view text, const Database& database,
                      const accounts::User* now) {
    const json::Document description = json::parse_object(text);
    Desired desired;
    desired.uid = accounts::id_of(description, "uid");
    if (desired.uid) refuse_taken_uid(database, now, *desired.uid);
    read_group(call, description, database, now, desired);
    read_groups(call, description, database, desired);
    desired.home = path_text(description, "home");
    desired.shell = path_text(description, "shell");
    desired.gecos = field_text(description, "gecos");
    read_password(description, now, desired);
    if (const auto date = json::text_of(description, "expires")) desired.expires = days_of(*date);
    const auto days = [&](const char* name) {
        return accounts::number_of(description, name, accounts::kNone, kDaysMax);
    };
    desired.min = days("password_min_days");
    desired.max = days("password_max_days");
    desired.warn = days("password_warn_days");
    desired.inactive = days("password_inactive_days");
    desired.create_home = json::flag_of(description, "create_home", false);
    desired.system = json::flag_of(description, "system", false);
    return desired;
}

}  // namespace evenkeel::users
