#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "groups_embedded.hpp"
#include "plugins/accounts/database.hpp"
#include "plugins/accounts/describe.hpp"
#include "plugins/accounts/each.hpp"
#include "plugins/accounts/etc_watch.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/groups/group.hpp"

// The collection `groups`: the machine's own groups by their name. Read from the files, changed by
// the shadow tools.
namespace evenkeel::groups {

using accounts::Database;

class Groups {
  public:
    static constexpr std::string_view kName = "groups";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;

    Groups(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view filter) {
        const Database database = Database::load();
        std::vector<std::string> names;
        for (const accounts::Group& group : database.groups())
            if (accounts::is_name(group.name)) names.push_back(group.name);
        accounts::list_each(call, filter, names,
                            [&](const std::string& id) { return tell_one(call, database, id); });
    }

    void read(const sdk::Call& call, std::string_view ids) {
        const Database database = Database::load();
        posix::read_each(call, ids,
                         [&](const std::string& id) { return tell_one(call, database, id); });
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        accounts::require_name(id, "group");
        const std::string name(id);
        Database database = Database::load();
        const accounts::Group* now = database.group(name);
        const Wanted wanted = wanted_from(call, desired, database, now);
        sdk::Changes changes = difference(now, wanted);
        changes.carry_out(
            call, [&] { accounts::carry_out(commands_for(name, wanted, changes), call, changes); });
        if (call.dry_run()) return;
        if (!changes.empty()) now = (database = Database::load()).group(name);
        if (!now || !difference(now, wanted).empty())
            throw sdk::Failure(EK_E_CONFLICT,
                               "the group " + name + " was changed by somebody else meanwhile");
        call.state(state_of(*now));
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
        sdk::Changes changes;
        changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            accounts::carry_out({{"groupdel", {name}, {}, {"/ensure"}}}, call, changes);
        });
    }

    class Watch : public accounts::EtcWatch {
      public:
        Watch(Groups&, const sdk::Call&, const sdk::WatchHost& host) : EtcWatch(host, look) {}

      private:
        static std::string look(const Database& database, const std::string& id) {
            return read_one(database, id).value_or("");
        }
    };

  private:
    static std::optional<std::string> tell_one(const sdk::Call& call, const Database& database,
                                               const std::string& id) {
        const accounts::Group* const group = database.group(id);
        if (group && call.describe()) return description_of(*group);
        return read_one(database, id);
    }
    static std::optional<std::string> read_one(const Database& database, const std::string& id) {
        const accounts::Group* const group = database.group(id);
        if (!group) return std::nullopt;
        return state_of(*group);
    }
};

}  // namespace evenkeel::groups

EVENKEEL_MODULE("org.evenkeel.groups", EVENKEEL_VERSION, kManifest, evenkeel::groups::Groups)
