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
        if (is_member || database.user(member)) continue;
        const std::string words = "there is no user \"" + member + "\"";
        const std::string pointer = accounts::pointer_to(description, "members", member);
        if (!call.dry_run()) throw sdk::Failure(EK_E_INVALID, words).at(pointer);
        call.note(EK_SEV_WARNING, pointer, words + " yet");
    }
    return desired;
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

sdk::Changes difference(const Group* now, const Desired& desired) {
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
    return changes;
}

std::vector<ToolCall> tool_calls_for(const std::string& name, const Desired& desired,
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
        }
        tool.arguments.push_back(name);
        calls.push_back(std::move(tool));
    }
    if (changes.has("/members"))
        calls.push_back(
            {"gpasswd", {"-M", accounts::joined(*desired.members), name}, {}, {"/members"}});
    return calls;
}

}  // namespace evenkeel::groups
