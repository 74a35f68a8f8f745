#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "plugins/services/backend.hpp"
#include "plugins/services/desired.hpp"
#include "plugins/services/id.hpp"
#include "services_embedded.hpp"

// The collection `services`: services by name, through whatever manages them on this machine.
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

struct NamedAction {
    std::string_view name;
    Action action;
};

constexpr NamedAction kNamedActions[] = {{"start", Action::start},
                                         {"stop", Action::stop},
                                         {"restart", Action::restart},
                                         {"reload", Action::reload}};

// One that was queried by an alias has another name.
void require_own_name(const std::string& id, const Service& service) {
    if (service.id == id) return;
    throw sdk::Failure(EK_E_INVALID, id + " is an alias of the service " + service.id)
        .hint("its id is \"" + service.id + "\"");
}

constexpr std::string_view kOtherKinds[] = {"automount", "device", "mount", "path",   "scope",
                                            "slice",     "socket", "swap",  "target", "timer"};

// Of a service that does not exist.
sdk::Failure missing(Session& session, const std::string& id) {
    for (const std::string_view kind : kOtherKinds) {
        if (!id.ends_with("." + std::string(kind))) continue;
        const auto service = session.started_by(id);
        return sdk::Failure(EK_E_INVALID, id + " is a unit of the kind " + std::string(kind) +
                                              ", and this collection has services only")
            .hint(service ? "the service that it starts is \"" + *service + "\""
                          : "describe the service behind it; files can bring the unit itself");
    }
    return sdk::Failure(EK_E_NOT_FOUND, "there is no service " + id)
        .hint("install what brings " + id + ".service first");
}

// Without a unit file it would not be there any more: that is for "absent" to say.
void require_file_to_leave(const Service& now, const Desired& desired) {
    if (now.has_file) return;
    const auto ends = [&](const char* field, const std::string& what) {
        return sdk::Failure(EK_E_NOT_FOUND, now.id + " has no unit file, only " + what)
            .at(field)
            .hint("\"ensure\":\"absent\" ends that; else install what brings " + now.id +
                  ".service");
    };
    if (now.running && desired.running == false) throw ends("/running", "what still runs of it");
    if (now.masked && desired.masked == false) throw ends("/masked", "a mask");
}

// Sends those that exist or cannot be read and returns how many.
std::size_t send_each(const sdk::Call& call, Session& session,
                      const std::vector<std::string>& ids) {
    std::size_t found = 0;
    const auto refuse = [&](const std::string& id, const sdk::Failure& failure) {
        call.unreadable(id, failure);
        ++found;
    };
    std::vector<std::string> valid;
    for (const std::string& id : ids) {
        try {
            require_id(id);
            valid.push_back(id);
        } catch (const sdk::Failure& failure) {
            refuse(id, failure);
        }
    }
    const std::vector<Service> services = session.query(valid);
    for (std::size_t i = 0; i < services.size(); ++i) {
        if (!services[i].exists) continue;
        try {
            require_own_name(valid[i], services[i]);
            ++found;
            const auto json =
                call.describe() ? services[i].description : std::optional(services[i].state);
            if (json) call.item(valid[i], *json);
        } catch (const sdk::Failure& failure) {
            refuse(valid[i], failure);
        }
    }
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
        const auto session = detect_backend().open(call);
        if (!filter.empty()) {
            const auto document = sdk::json::parse_object(filter);
            if (const auto* ids = sdk::json::find(document, "ids")) {
                send_each(call, *session, sdk::json::texts_of(*ids));
                return;
            }
        }
        send_each(call, *session, session->ids());
    }

    void read(const sdk::Call& call, std::string_view ids_json) {
        const auto ids = sdk::json::texts_of(sdk::json::parse(ids_json));
        const auto session = detect_backend().open(call);
        if (send_each(call, *session, ids) != 0) return;
        if (ids.size() == 1) throw missing(*session, ids.front());
        throw sdk::Failure(EK_E_NOT_FOUND, "none of these services exists");
    }

    void apply(const sdk::Call& call, std::string_view id_text, std::string_view description) {
        require_id(id_text);
        const std::string id(id_text);
        const Desired desired = parse_desired(description);
        const auto session = detect_backend().open(call);
        // A start that is already under way is waited for; any other job is replaced.
        const bool waits = !call.dry_run() && desired.running == true;
        const Service now = waits ? session->query_settled(id) : query(*session, id);
        if (call.dry_run() && !now.exists && missing(*session, id).status() == EK_E_NOT_FOUND) {
            call.note(EK_SEV_WARNING, "", "the service " + id + " is not there yet");
            return difference_from_nothing(desired).carry_out(call, [] {});
        }
        require(*session, now, id);
        require_file_to_leave(now, desired);
        sdk::Changes changes = difference(now, desired);
        session->add_side_effects(now, desired, changes);
        changes.carry_out(call, [&] { session->apply(now, desired, changes); });
        if (call.dry_run()) return;
        call.state(changes.empty() ? now.state : query(*session, id).state);
    }

    void remove(const sdk::Call& call, std::string_view id_text) {
        require_id(id_text);
        const std::string id(id_text);
        const auto session = detect_backend().open(call);
        const Service now = query(*session, id);
        require(*session, now, id);
        if (!now.has_file) {
            sdk::Changes changes;
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
            if (now.running) changes.field("/running", "true", "false");
            if (now.masked) changes.field("/masked", "true", "false");
            return changes.carry_out(call, [&] { session->end_rest(now); });
        }
        throw sdk::Failure(EK_E_UNSUPPORTED,
                           "a service is not made or removed, only its package is")
            .hint(
                "describe it with \"running\":false and \"enabled\":false or \"masked\":true; "
                ":forget drops the description and leaves the service as it is");
    }

    void invoke(const sdk::Call& call, std::string_view id_text, std::string_view name,
                std::string_view arguments) {
        if (sdk::json::parse_object(arguments).MemberCount() != 0)
            throw sdk::Failure(EK_E_INVALID, "the actions of a service take no arguments");
        require_id(id_text);
        const std::string id(id_text);
        for (const NamedAction& known : kNamedActions) {
            if (known.name != name) continue;
            const auto session = detect_backend().open(call);
            require(*session, query(*session, id), id);
            session->invoke(id, known.action);
            call.state(query(*session, id).state);
            return;
        }
        throw sdk::Failure(EK_E_UNSUPPORTED, "a service has no action " + sdk::quote(name));
    }

    class Watch {
      public:
        Watch(Services&, const sdk::Call&, const sdk::WatchHost& host)
            : watcher_(detect_backend().watch(host)) {}
        void interest(std::string_view id, bool on) {
            require_id(id);
            watcher_->interest(std::string(id), on);
        }
        void ready(int fd, std::uint32_t revents) { watcher_->ready(fd, revents); }

      private:
        std::unique_ptr<Watcher> watcher_;
    };

  private:
    static Service query(Session& session, const std::string& id) { return session.query_one(id); }
    static void require(Session& session, const Service& service, const std::string& id) {
        if (!service.exists) throw missing(session, id);
        require_own_name(id, service);
    }
};

}  // namespace evenkeel::services

EVENKEEL_MODULE("org.evenkeel.services", EVENKEEL_VERSION, kManifest, evenkeel::services::Services)
