#include "plugins/services/systemd/unit.hpp"

#include <evenkeel/cpp/write.hpp>

#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

// Jobs after which a unit is up.
bool brings_up(std::string_view job_type) {
    return job_type == "start" || job_type == "restart" || job_type == "try-restart" ||
           job_type == "reload-or-start";
}

bool lacks_install_section(const Unit& unit) {
    return unit.file_state == "static" || unit.file_state == "generated" ||
           unit.file_state == "transient" || unit.file_state.empty();
}

std::optional<sdk::Failure> cannot_enable(const Unit& unit) {
    if (is_masked(unit) || !lacks_install_section(unit)) return std::nullopt;
    // What is not there yet may be brought by a file or package.
    const bool can_come = unit.file_state == "static" || unit.file_state.empty();
    return sdk::Failure(can_come ? EK_E_NOT_FOUND : EK_E_UNSUPPORTED,
                        unit.name + " cannot be enabled: its unit file is " +
                            (unit.file_state.empty() ? "missing" : unit.file_state))
        .at("/enabled")
        .hint("it has no [Install] section that systemd could act on; leave enabled out");
}

std::optional<sdk::Failure> cannot_start(const Unit& unit) {
    if (is_masked(unit) || unit.load_state == "loaded" || unit.load_state == "masked")
        return std::nullopt;
    return sdk::Failure(EK_E_CONFLICT,
                        "systemd cannot load " + unit.name + " (" + unit.load_state + ")")
        .at("/running")
        .hint("systemd-analyze verify " + unit.name + " says what is wrong with it");
}

std::string state_of(const Unit& unit) {
    sdk::Object state;
    state.boolean("running", is_running(unit));
    state.boolean("enabled", is_enabled(unit));
    state.boolean("masked", is_masked(unit));
    state.text("description", unit.description);
    state.text("load_state", unit.load_state);
    state.text("active_state", unit.active_state);
    state.text("sub_state", unit.sub_state);
    if (!unit.file_state.empty()) state.text("unit_file_state", unit.file_state);
    if (!unit.result.empty()) state.text("result", unit.result);
    return state.json();
}

std::optional<std::string> description_of(const Unit& unit) {
    if (is_masked(unit)) return sdk::Object().boolean("masked", true).json();
    if (unit.file_state != "enabled" && unit.file_state != "disabled") return std::nullopt;
    return sdk::Object()
        .boolean("running", is_running(unit))
        .boolean("enabled", is_enabled(unit))
        .json();
}

}  // namespace

bool exists(const Unit& unit) {
    const bool has_file =
        unit.load_state != "not-found" && (unit.load_state != "loaded" || !unit.file_state.empty());
    return has_file || (unit.active_state != "inactive" && unit.active_state != "failed");
}

bool is_running(const Unit& unit) {
    if (unit.job != 0 && brings_up(unit.job_type)) return true;
    if (unit.active_state == "activating") return unit.sub_state != "auto-restart";
    return unit.active_state == "active" || unit.active_state == "reloading" ||
           unit.active_state == "refreshing";
}

bool is_enabled(const Unit& unit) {
    return unit.file_state == "enabled";
}

bool is_masked(const Unit& unit) {
    return unit.file_state == "masked" || unit.file_state == "masked-runtime";
}

Service service_of(const Unit& unit) {
    Service service;
    service.id = id_of(unit.name).value_or(unit.name);
    service.exists = exists(unit);
    service.running = is_running(unit);
    service.enabled = is_enabled(unit);
    service.masked = is_masked(unit);
    service.cannot_enable = cannot_enable(unit);
    service.cannot_start = cannot_start(unit);
    service.state = state_of(unit);
    service.description = description_of(unit);
    return service;
}

}  // namespace evenkeel::services
