#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "plugins/services/change.hpp"
#include "plugins/services/manager.hpp"
#include "plugins/services/names.hpp"
#include "plugins/services/wanted.hpp"
#include "plugins/services/watch.hpp"
#include "services_embedded.hpp"

// The collection `services`: services of systemd by the name of their unit.
namespace evenkeel::services {

namespace {

constexpr std::string_view kActionsText =
    R"({"start":{"type":"object","additionalProperties":false,)"
    R"("description":"Starts it, unless it runs."},)"
    R"("stop":{"type":"object","additionalProperties":false,"description":"Stops it."},)"
    R"("restart":{"type":"object","additionalProperties":false,)"
    R"("description":"Stops it if it runs, and starts it."},)"
    R"("reload":{"type":"object","additionalProperties":false,)"
    R"("description":"Has it read its configuration again, if its unit says how."}})";

struct Action {
    std::string_view name;
    const char* method;
};

constexpr Action kActionMethods[] = {{"start", "StartUnit"},
                                     {"stop", "StopUnit"},
                                     {"restart", "RestartUnit"},
                                     {"reload", "ReloadUnit"}};

// What is asked for by an alias has another name.
void require_own_name(const std::string& id, const Unit& unit) {
    if (unit.name == unit_of(id)) return;
    const std::string own = id_of(unit.name).value_or(unit.name);
    throw sdk::Failure(EK_E_INVALID, id + " is an alias of the service " + own)
        .hint("its id is \"" + own + "\"");
}

sdk::Failure missing(const std::string& id) {
    return sdk::Failure(EK_E_NOT_FOUND, "there is no service " + id)
        .hint("install what brings " + id + ".service first");
}

// Sends those that are there and returns how many.
std::size_t tell_each(const sdk::Call& call, const std::vector<std::string>& ids) {
    std::vector<std::string> names;
    std::vector<std::size_t> places;  // in `ids`, of each name
    bool failed = false;
    const auto refuse = [&](std::size_t at, sdk::Failure& failure) {
        call.error(failure.at("/" + std::to_string(at)));
        failed = true;
    };
    for (std::size_t at = 0; at < ids.size(); ++at) {
        try {
            names.push_back(unit_of(ids[at]));
            places.push_back(at);
        } catch (sdk::Failure& failure) {
            refuse(at, failure);
        }
    }
    std::size_t found = 0;
    const std::vector<Unit> units = Manager(call).look(names);
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (!is_there(units[i])) continue;
        if (call.limit() != 0 && found == call.limit()) break;
        const std::string& id = ids[places[i]];
        try {
            require_own_name(id, units[i]);
            ++found;
            const auto told =
                call.describe() ? description_of(units[i]) : std::optional(state_of(units[i]));
            if (told) call.item(id, *told);
        } catch (sdk::Failure& failure) {
            refuse(places[i], failure);
        }
    }
    if (failed) throw sdk::Stop{EK_E_PARTIAL};
    return found;
}

}  // namespace

class Services {
  public:
    static constexpr std::string_view kName = "services";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr std::string_view kActions = kActionsText;
    static constexpr bool kPlans = true;
    static constexpr bool kDescribes = true;
    static constexpr bool kParallel = true;  // each call has a connection of its own

    Services(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty()) {
            const auto document = sdk::json::parse_object(filter);
            if (const auto* ids = sdk::json::find(document, "ids")) {
                tell_each(call, sdk::json::texts_of(*ids));
                return;
            }
        }
        std::vector<std::string> ids;
        for (const std::string& name : Manager(call).names()) ids.push_back(*id_of(name));
        tell_each(call, ids);
    }

    void read(const sdk::Call& call, std::string_view ids_json) {
        const auto ids = sdk::json::texts_of(sdk::json::parse(ids_json));
        if (tell_each(call, ids) != 0) return;
        if (ids.size() == 1) throw missing(ids.front());
        throw sdk::Failure(EK_E_NOT_FOUND, "none of these services exists");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string name = unit_of(id);
        const Wanted wanted = wanted_from(desired);
        const Manager manager(call);
        // One that is being started already is waited for; any other job is replaced.
        const bool waits = !call.dry_run() && wanted.running == true;
        const Unit now = waits ? manager.settled(name) : manager.look({name}).front();
        if (call.dry_run() && !is_there(now)) {
            call.note(EK_SEV_WARNING, "", "the service " + std::string(id) + " is not there yet");
            return difference(wanted).carry_out(call, [] {});
        }
        require(now, id);
        sdk::Changes changes = difference(now, wanted);
        changes.carry_out(call, [&] { bring_about(manager, now, wanted, changes); });
        if (call.dry_run()) return;
        call.state(state_of(changes.empty() ? now : manager.look({name}).front()));
    }

    void remove(const sdk::Call&, std::string_view id) {
        unit_of(id);
        throw sdk::Failure(EK_E_UNSUPPORTED,
                           "a service is not made or removed, only its package is")
            .hint(
                "describe it with \"running\":false and \"enabled\":false or \"masked\":true; "
                ":forget drops the description and leaves the service as it is");
    }

    void invoke(const sdk::Call& call, std::string_view id, std::string_view action,
                std::string_view arguments) {
        if (sdk::json::parse_object(arguments).MemberCount() != 0)
            throw sdk::Failure(EK_E_INVALID, "the actions of a service take no arguments");
        const std::string name = unit_of(id);
        const std::string verb(action);
        for (const Action& known : kActionMethods) {
            if (known.name != action) continue;
            const Manager manager(call);
            const Unit now = manager.look({name}).front();
            require(now, id);
            if (action != "stop") manager.reload_if_stale(now);
            manager.run_job(known.method, verb.c_str(), name);
            call.state(state_of(manager.look({name}).front()));
            return;
        }
        throw sdk::Failure(EK_E_UNSUPPORTED, "a service has no action " + sdk::quote(action));
    }

    class Watch : public ServiceWatch {
      public:
        Watch(Services&, const sdk::Call&, const sdk::WatchHost& host) : ServiceWatch(host) {}
    };

  private:
    static void require(const Unit& unit, std::string_view id) {
        if (!is_there(unit)) throw missing(std::string(id));
        require_own_name(std::string(id), unit);
    }
};

}  // namespace evenkeel::services

EVENKEEL_MODULE("org.evenkeel.services", EVENKEEL_VERSION, kManifest, evenkeel::services::Services)
