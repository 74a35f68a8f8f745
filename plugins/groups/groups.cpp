#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "groups_embedded.hpp"
#include "plugins/accounts/database.hpp"
#include "plugins/accounts/fields.hpp"
#include "plugins/accounts/reader.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/groups/group.hpp"

// The collection `groups`: the machine's own groups by their name. Read from the files, changed by
// the shadow tools.
namespace evenkeel::groups {

using accounts::Database;

namespace {

const accounts::AccountKind kKind = {
    [](const Database& database) { return accounts::names_in(database.groups()); },
    [](const Database& database, const std::string& id) {
        const accounts::Group* const group = database.group(id);
        return group ? std::optional(state_of(*group, database)) : std::nullopt;
    },
    [](const Database& database, const std::string& id) {
        const accounts::Group* const group = database.group(id);
        return group ? std::optional(description_of(*group)) : std::nullopt;
    }};

}  // namespace

class Groups : public accounts::Reader {
  public:
    static constexpr std::string_view kName = "groups";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;

    Groups(const sdk::Host&, const sdk::Call&, std::string_view) : Reader(kKind) {}

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        accounts::require_name(id, "group");
        const std::string name(id);
        Database database = Database::load();
        const accounts::Group* now = database.group(name);
        const Desired desired = parse_desired(call, description, database, now);
        sdk::Changes changes = difference(now, desired, database);
        changes.carry_out(call, [&] {
            const auto tools = tool_calls_for(name, now, desired, database, changes);
            accounts::run_tools(tools, call, changes);
        });
        if (call.dry_run()) return;
        if (!changes.empty()) now = (database = Database::load()).group(name);
        if (!now || !difference(now, desired, database).empty())
            throw sdk::Failure(EK_E_CONFLICT,
                               "the group " + name + " was changed by somebody else meanwhile");
        call.state(state_of(*now, database));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        accounts::require_name(id, "group");
        const std::string name(id);
        const Database database = Database::load();
        const accounts::Group* const now = database.group(name);
        if (!now) return;
        if (now->gid == 0) throw sdk::Failure(EK_E_DENIED, "the group with gid 0 is not removed");
        for (const accounts::User& user : database.users())
            if (user.gid == now->gid)
                throw sdk::Failure(EK_E_CONFLICT,
                                   name + " is the primary group of the user " + user.name)
                    .hint("remove the user or give it another group first");
        sdk::Changes changes = removal(*now);
        changes.carry_out(call, [&] {
            accounts::run_tools({{"groupdel", {name}, {}, {}}}, call, changes);
        });
    }
};

}  // namespace evenkeel::groups

EVENKEEL_MODULE("org.evenkeel.groups", EVENKEEL_VERSION, kManifest, evenkeel::groups::Groups)
