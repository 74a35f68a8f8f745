#include "plugins/services/systemd/systemd.hpp"

#include <systemd/sd-daemon.h>

#include "plugins/services/desired.hpp"
#include "plugins/services/systemd/manager.hpp"
#include "plugins/services/systemd/names.hpp"
#include "plugins/services/systemd/side_effects.hpp"
#include "plugins/services/systemd/unit.hpp"
#include "plugins/services/systemd/unit_files.hpp"
#include "plugins/services/systemd/watch.hpp"

namespace evenkeel::services {

namespace {

void require_enabled(const Unit& after) {
    if (is_enabled(after)) return;
    throw sdk::Failure(EK_E_UNSUPPORTED, after.name + " cannot be enabled: its unit file is " +
                                             after.file_state + " afterwards too")
        .at("/enabled")
        .hint("leave enabled out");
}

// systemd answers "done" also where nothing was done.
void require_as_desired(const Unit& after, const Desired& desired, const sdk::Changes& changes) {
    const auto compare = [&](const char* path, bool is, std::optional<bool> wanted,
                             const std::string& found) {
        if (!changes.has(path) || !wanted || is == *wanted) return;
        throw sdk::Failure(EK_E_CONFLICT, "systemd reported success and " + after.name + " is " +
                                              (is ? "still " : "not ") + (path + 1) + ": " + found)
            .at(path)
            .hint("systemctl status " + after.name + " shows what holds it");
    };
    const std::string files =
        "its unit file is " + (after.file_state.empty() ? "not there" : after.file_state);
    compare("/running", is_running(after), desired.running,
            after.active_state + " (" + after.sub_state + ")");
    compare("/enabled", is_enabled(after), desired.enabled, files);
    compare("/masked", is_masked(after), desired.masked, files);
}

class SystemdSession : public Session {
  public:
    explicit SystemdSession(const sdk::Call& call) : manager_(call), repairs_(call.repairs()) {}

    std::vector<Service> query(const std::vector<std::string>& ids) override {
        std::vector<std::string> names;
        for (const std::string& id : ids) names.push_back(unit_of(id));
        std::vector<Service> services;
        for (const Unit& unit : manager_.units(names)) services.push_back(service_of(unit));
        return services;
    }

    std::vector<std::string> ids() override {
        std::vector<std::string> ids;
        for (const std::string& name : manager_.names()) ids.push_back(*id_of(name));
        return ids;
    }

    Service query_settled(const std::string& id) override {
        return with_file(service_of(manager_.settled_unit(unit_of(id))));
    }

    Service query_one(const std::string& id) override { return with_file(query({id}).front()); }

    void end_rest(const Service& now) override {
        const std::string unit = unit_of(now.id);
        if (now.running) manager_.run_job("StopUnit", "stop", unit);
        if (now.masked) manager_.unmask(unit);
        manager_.reload();
        const Unit after = manager_.unit(unit);
        if (!exists(after)) return;
        throw sdk::Failure(EK_E_CONFLICT, unit + " is still there: it is " + after.active_state +
                                              " (" + after.load_state + ")")
            .at("/ensure");
    }

    std::optional<std::string> started_by(const std::string& unit) override {
        const Properties found = manager_.properties({unit}).front();
        for (const std::string& name : found.list("Triggers"))
            if (const auto id = id_of(name)) return id;
        return std::nullopt;
    }

    void add_side_effects(const Service& now, const Desired& desired,
                          sdk::Changes& changes) override {
        services::add_side_effects(manager_, unit_of(now.id), desired, changes);
    }

    void apply(const Service& now, const Desired& desired, sdk::Changes& changes) override {
        const std::string unit = unit_of(now.id);
        const bool starts = changes.has("/running") && *desired.running;
        if (changes.has("/running") && !starts) {
            manager_.run_job("StopUnit", "stop", unit);
            changes.done("/running");
            changes.done("/also_stops");
        }
        if (changes.has("/masked") || changes.has("/enabled")) {
            change_files(now, desired, changes);
            if (desired.enabled == true) require_enabled(manager_.unit(unit));
        }
        if (starts) start(unit);
        require_as_desired(manager_.unit(unit), desired, changes);
    }

    void invoke(const std::string& id, Action action) override {
        static constexpr struct {
            const char *method, *verb;
        } kJobs[] = {{"StartUnit", "start"},
                     {"StopUnit", "stop"},
                     {"RestartUnit", "restart"},
                     {"ReloadUnit", "reload"}};
        const std::string unit = unit_of(id);
        if (action != Action::stop) manager_.reload_if_stale(unit);
        // A start that somebody ordered is none of those that the limit is for.
        if (action == Action::start || action == Action::restart) manager_.reset_failed(unit);
        const auto& job = kJobs[static_cast<int>(action)];
        manager_.run_job(job.method, job.verb, unit);
    }

  private:
    Service with_file(Service service) const {
        const std::string unit = unit_of(service.id);
        const UnitPath folders = manager_.unit_path();
        // The file of a transient unit goes with its processes.
        service.has_file = service.exists && !outweighs_masks(unit, folders) &&
                           !fragment_behind_mask(unit, folders).empty();
        return service;
    }

    // True if unit files were changed. While a unit is masked, systemd does not report whether it
    // is enabled, so that this is queried anew after it has been unmasked.
    bool set_enabled(const Service& now, bool wanted, bool unmasked) const {
        const std::string unit = unit_of(now.id);
        const bool enabled = unmasked ? is_enabled(manager_.unit(unit)) : now.enabled;
        if (enabled == wanted) return false;
        if (wanted) {
            manager_.enable(unit);
        } else {
            manager_.disable(unit);
        }
        return true;
    }

    void change_files(const Service& now, const Desired& desired, sdk::Changes& changes) const {
        const std::string unit = unit_of(now.id);
        const bool masking = changes.has("/masked");
        const bool unmasking = masking && !*desired.masked;
        bool changed = masking;
        if (unmasking) {
            manager_.unmask(unit);
            changes.done("/masked");
        }
        if (desired.enabled) changed = set_enabled(now, *desired.enabled, unmasking) || changed;
        if (masking && !unmasking) manager_.mask(unit);
        if (changed) manager_.reload();
        changes.done("/masked");
        changes.done("/enabled");
        changes.done("/links");
    }

    void start(const std::string& unit) const {
        manager_.reload_if_stale(unit);
        if (repairs_) {
            manager_.require_start_allowed(unit);
        } else {
            manager_.reset_failed(unit);
        }
        manager_.run_job("StartUnit", "start", unit);
        const Unit after = manager_.unit(unit);
        if (is_running(after)) return;
        throw manager_.explained(
            sdk::Failure(EK_E_CONFLICT, after.name + " was started and does not run: it is " +
                                            after.active_state + " (" + after.result + ")")
                .at("/running"),
            "it ended by itself or a condition of its unit is not met; "
            "describe only enabled for what runs once",
            unit, manager_.start_limit(unit));
    }

    Manager manager_;
    const bool repairs_;  // nobody ordered this call
};

class SystemdBackend : public Backend {
  public:
    std::unique_ptr<Session> open(const sdk::Call& call) const override {
        return std::make_unique<SystemdSession>(call);
    }
    std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) const override {
        return std::make_unique<SystemdWatch>(host);
    }
};

}  // namespace

bool systemd_runs() {
    return sd_booted() > 0;
}

const Backend& systemd_backend() {
    static const SystemdBackend backend;
    return backend;
}

}  // namespace evenkeel::services
