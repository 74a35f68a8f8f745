#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/fields.hpp"
#include "plugins/accounts/reader.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/posix/read_file.hpp"
#include "plugins/users/description.hpp"
#include "plugins/users/desired.hpp"
#include "plugins/users/difference.hpp"
#include "plugins/users/removal.hpp"
#include "plugins/users/tool_calls.hpp"
#include "users_embedded.hpp"

// The collection `users`: the machine's own accounts by their login. Read from the files, changed
// by the shadow tools.
namespace evenkeel::users {

using accounts::Database;

namespace {

constexpr const char* kLoginDefs = "/etc/login.defs";
constexpr std::size_t kLoginDefsMax = 1u << 20;

const accounts::AccountKind kKind = {
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

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        accounts::require_name(id, "user");
        const std::string login(id);
        Database database = Database::load();
        const accounts::User* now = database.user(login);
        const Desired desired = parse_desired(call, description, database, now);
        sdk::Changes changes = difference(login, now, desired, database);
        if (now && (changes.has("/uid") || changes.has("/home"))) refuse_processes_of(*now);
        changes.carry_out(call, [&] {
            const auto tools = tool_calls_for(login, now, desired, database, changes);
            accounts::run_tools(tools, call, changes);
        });
        if (call.dry_run()) return;
        if (!changes.empty()) now = (database = Database::load()).user(login);
        if (!now || !difference(login, now, desired, database).empty())
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
        refuse_processes_of(*now);
        sdk::Changes changes = removal(
            *now, database, posix::read_file(kLoginDefs, kLoginDefsMax).value_or(std::string()));
        changes.carry_out(call, [&] {
            accounts::run_tools({{"userdel", {login}, {}, {}}}, call, changes);
        });
    }
};

}  // namespace evenkeel::users

EVENKEEL_MODULE("org.evenkeel.users", EVENKEEL_VERSION, kManifest, evenkeel::users::Users)
