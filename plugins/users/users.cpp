#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/describe.hpp"
#include "plugins/accounts/reader.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/users/commands.hpp"
#include "plugins/users/description.hpp"
#include "plugins/users/difference.hpp"
#include "plugins/users/wanted.hpp"
#include "users_embedded.hpp"

// The collection `users`: the machine's own accounts by their login. Read from the files, changed
// by the shadow tools.
namespace evenkeel::users {

using accounts::Database;

namespace {

const accounts::Kind kKind = {
    [](const Database& database) { return accounts::names_in(database.users()); },
    [](const Database& database, const std::string& id) {
        const accounts::User* const user = database.user(id);
        return user ? std::optional(state_of(*user, database)) : std::nullopt;
    },
    [](const Database& database, const std::string& id) {
        const accounts::User* const user = database.user(id);
        return user ? std::optional(description_of(*user, database)) : std::nullopt;
    }};

}  // namespace

class Users : public accounts::Reader {
  public:
    static constexpr std::string_view kName = "users";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;

    Users(const sdk::Host&, const sdk::Call&, std::string_view) : Reader(kKind) {}

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        accounts::require_name(id, "user");
        const std::string login(id);
        Database database = Database::load();
        const accounts::User* now = database.user(login);
        const Wanted wanted = wanted_from(call, desired, database, now);
        sdk::Changes changes = difference(now, wanted, database);
        changes.carry_out(call, [&] {
            const auto commands = commands_for(login, now, wanted, database, changes);
            accounts::carry_out(commands, call, changes);
        });
        if (call.dry_run()) return;
        if (!changes.empty()) now = (database = Database::load()).user(login);
        if (!now || !difference(now, wanted, database).empty())
            throw sdk::Failure(EK_E_CONFLICT,
                               "the user " + login + " was changed by somebody else meanwhile");
        call.state(state_of(*now, database));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        accounts::require_name(id, "user");
        const std::string login(id);
        const Database database = Database::load();
        const accounts::User* const now = database.user(login);
        if (!now) return;
        if (now->uid == 0) throw sdk::Failure(EK_E_DENIED, "the user with uid 0 is not removed");
        sdk::Changes changes;
        changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            accounts::carry_out({{"userdel", {login}, {}, {"/ensure"}}}, call, changes);
        });
    }
};

}  // namespace evenkeel::users

EVENKEEL_MODULE("org.evenkeel.users", EVENKEEL_VERSION, kManifest, evenkeel::users::Users)
