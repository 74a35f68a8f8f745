#include "plugins/groups/group.hpp"

#include <algorithm>
#include <utility>

#include "plugins/accounts/describe.hpp"

namespace evenkeel::groups {

namespace {

using accounts::Command;
using accounts::Database;
using accounts::Group;

void refuse_taken_gid(const Database& database, const Group* now, std::uint32_t gid) {
    const Group* const other = database.group_of(gid);
    if (!other || (now && now->gid == gid)) return;
    throw sdk::Failure(EK_E_CONFLICT, "the group " + other->name + " has the gid " +
                                          std::to_string(gid) + " already")
        .at("/gid");
}

}  // namespace

Wanted wanted_from(const sdk::Call& call, std::string_view text, const Database& database,
                   const Group* now) {
    const sdk::json::Document description = sdk::json::parse_object(text);
    Wanted wanted;
    wanted.gid = accounts::id_of(description, "gid");
    if (wanted.gid) refuse_taken_gid(database, now, *wanted.gid);
    wanted.members = accounts::names_of(description, "members");
    wanted.system = sdk::json::flag_of(description, "system", false);
    if (!wanted.members) return wanted;
    for (const std::string& member : *wanted.members) {
        const bool is_member =
            now && std::binary_search(now->members.begin(), now->members.end(), member);
        if (is_member || database.user(member)) continue;
        const std::string words = "there is no user \"" + member + "\"";
        const std::string pointer = accounts::pointer_to(description, "members", member);
        if (!call.dry_run()) throw sdk::Failure(EK_E_INVALID, words).at(pointer);
        call.note(EK_SEV_WARNING, pointer, words + " yet");
    }
    return wanted;
}

std::string state_of(const Group& group) {
    return sdk::Object()
        .number("gid", group.gid)
        .raw("members", accounts::to_json(group.members))
        .json();
}

std::string description_of(const Group& group) {
    return sdk::Object().number("gid", group.gid).json();
}

sdk::Changes difference(const Group* now, const Wanted& wanted) {
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    const auto before = [&](std::string json) {
        return now ? std::optional(std::move(json)) : std::nullopt;
    };
    if (wanted.gid && !(now && now->gid == *wanted.gid))
        changes.field("/gid", before(std::to_string(now ? now->gid : 0)),
                      std::to_string(*wanted.gid));
    if (wanted.members && !(now && now->members == *wanted.members))
        changes.field("/members", before(now ? accounts::to_json(now->members) : ""),
                      accounts::to_json(*wanted.members));
    return changes;
}

std::vector<Command> commands_for(const std::string& name, const Wanted& wanted,
                                  const sdk::Changes& changes) {
    std::vector<Command> commands;
    const bool is_new = changes.has("/ensure");
    if (is_new || changes.has("/gid")) {
        Command command{is_new ? "groupadd" : "groupmod", {}, {}, {}};
        if (is_new) command.fields.emplace_back("/ensure");
        if (is_new && wanted.system) command.arguments.emplace_back("-r");
        if (changes.has("/gid")) {
            command.arguments.insert(command.arguments.end(), {"-g", std::to_string(*wanted.gid)});
            command.fields.emplace_back("/gid");
        }
        command.arguments.push_back(name);
        commands.push_back(std::move(command));
    }
    if (changes.has("/members"))
        commands.push_back(
            {"gpasswd", {"-M", accounts::joined(*wanted.members), name}, {}, {"/members"}});
    return commands;
}

}  // namespace evenkeel::groups
