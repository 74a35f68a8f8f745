#include "plugins/groups/group.hpp"

#include <algorithm>
#include <utility>

#include "plugins/accounts/fields.hpp"

namespace evenkeel::groups {

namespace {

using accounts::Database;
using accounts::Group;
using accounts::ToolCall;

void refuse_taken_gid(const Database& database, const Group* now, std::uint32_t gid) {
    const Group* const other = database.group_of(gid);
    if (!other || (now && now->gid == gid)) return;
    throw sdk::Failure(EK_E_CONFLICT, "the group " + other->name + " has the gid " +
                                          std::to_string(gid) + " already")
        .at("/gid");
}

// A change of the plan, not of the description: the users whose primary group this is.
constexpr const char* kPrimaryGroupOf = "/primary_group_of";

// The users who have the group's number keep the group when that changes, and those who have the
// new number already get it.
void add_primary_users(sdk::Changes& changes, const Group* now, std::uint32_t gid,
                       const Database& database) {
    const std::vector<std::string> before =
        now ? database.primary_users(now->gid) : std::vector<std::string>();
    std::vector<std::string> after = database.primary_users(gid);
    if (after.empty()) return;
    after.insert(after.end(), before.begin(), before.end());
    std::sort(after.begin(), after.end());
    changes.field(kPrimaryGroupOf, now ? std::optional(accounts::to_json(before)) : std::nullopt,
                  accounts::to_json(after));
}

// gpasswd takes a whole list only of users who exist, one that stays without being a user has to be
// left alone.
std::vector<ToolCall> member_calls(const std::string& name, const Group* now,
                                   const std::vector<std::string>& desired,
                                   const Database& database) {
    const auto exists = [&](const std::string& member) { return database.user(member) != nullptr; };
    if (!now || std::all_of(desired.begin(), desired.end(), exists))
        return {{"gpasswd", {"-M", accounts::joined(desired), name}, {}, {}}};
    std::vector<ToolCall> calls;
    const auto add = [&](const char* option, const std::vector<std::string>& these,
                         const std::vector<std::string>& those) {
        for (const std::string& member : these)
            if (!std::binary_search(those.begin(), those.end(), member))
                calls.push_back({"gpasswd", {option, member, name}, {}, {}});
    };
    add("-d", now->members, desired);
    add("-a", desired, now->members);
    return calls;
}

}  // namespace

Desired parse_desired(const sdk::Call& call, std::string_view text, const Database& database,
                      const Group* now) {
    const sdk::json::Document description = sdk::json::parse_object(text);
    Desired desired;
    desired.gid = accounts::id_of(description, "gid");
    if (desired.gid) refuse_taken_gid(database, now, *desired.gid);
    desired.members = accounts::names_of(description, "members");
    desired.system = sdk::json::flag_of(description, "system", false);
    if (!desired.members) return desired;
    for (const std::string& member : *desired.members) {
        const bool is_member =
            now && std::binary_search(now->members.begin(), now->members.end(), member);
        if (database.user(member)) continue;
        const std::string words = "there is no user \"" + member + "\"";
        const std::string pointer = accounts::pointer_to(description, "members", member);
        if (is_member) {
            call.note(EK_SEV_WARNING, pointer, words + " any more; the name stays a member");
            continue;
        }
        if (!call.dry_run()) throw sdk::Failure(EK_E_INVALID, words).at(pointer);
        call.note(EK_SEV_WARNING, pointer, words + " yet");
    }
    return desired;
}

std::string state_of(const Group& group, const Database& database) {
    sdk::Object state;
    state.number("gid", group.gid).raw("members", accounts::to_json(group.members));
    const std::vector<std::string> unknown = database.unknown_members(group);
    if (!unknown.empty()) state.raw("unknown_members", accounts::to_json(unknown));
    return state.json();
}

std::string description_of(const Group& group) {
    return sdk::Object().number("gid", group.gid).json();
}

sdk::Changes difference(const Group* now, const Desired& desired, const Database& database) {
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    const auto before = [&](std::string json) {
        return now ? std::optional(std::move(json)) : std::nullopt;
    };
    if (desired.gid && !(now && now->gid == *desired.gid))
        changes.field("/gid", before(std::to_string(now ? now->gid : 0)),
                      std::to_string(*desired.gid));
    if (desired.members && !(now && now->members == *desired.members))
        changes.field("/members", before(now ? accounts::to_json(now->members) : ""),
                      accounts::to_json(*desired.members));
    if (changes.has("/gid")) add_primary_users(changes, now, *desired.gid, database);
    return changes;
}

sdk::Changes removal(const Group& group) {
    sdk::Changes changes;
    changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
    if (!group.members.empty())
        changes.field("/members", accounts::to_json(group.members), std::nullopt, 0, EK_ACT_REMOVE);
    return changes;
}

std::vector<ToolCall> tool_calls_for(const std::string& name, const Group* now,
                                     const Desired& desired, const Database& database,
                                     const sdk::Changes& changes) {
    std::vector<ToolCall> calls;
    const bool is_new = changes.has("/ensure");
    if (is_new || changes.has("/gid")) {
        ToolCall tool{is_new ? "groupadd" : "groupmod", {}, {}, {}};
        if (is_new) tool.fields.emplace_back("/ensure");
        if (is_new && desired.system) tool.arguments.emplace_back("-r");
        if (changes.has("/gid")) {
            tool.arguments.insert(tool.arguments.end(), {"-g", std::to_string(*desired.gid)});
            tool.fields.emplace_back("/gid");
            if (changes.has(kPrimaryGroupOf)) tool.fields.emplace_back(kPrimaryGroupOf);
        }
        tool.arguments.push_back(name);
        calls.push_back(std::move(tool));
    }
    if (!changes.has("/members")) return calls;
    for (ToolCall& call : member_calls(name, now, *desired.members, database))
        calls.push_back(std::move(call));
    calls.back().fields.emplace_back("/members");
    return calls;
}

}  // namespace evenkeel::groups
