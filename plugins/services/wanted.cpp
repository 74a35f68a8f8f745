#include "plugins/services/wanted.hpp"

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/json.hpp>

namespace evenkeel::services {

namespace {

std::optional<bool> flag(const sdk::json::Document& description, std::string_view name) {
    if (!sdk::json::find(description, name)) return std::nullopt;
    return sdk::json::flag_of(description, name, false);
}

std::string json_of(bool value) {
    return value ? "true" : "false";
}

bool lacks_install_section(const Unit& unit) {
    return unit.file_state == "static" || unit.file_state == "generated" ||
           unit.file_state == "transient" || unit.file_state.empty();
}

void require_possible(const Unit& now, const Wanted& wanted) {
    const bool stays_masked = is_masked(now) && wanted.masked.value_or(true);
    const auto masked = [&](const char* field) {
        return sdk::Failure(EK_E_CONFLICT, now.name + " is masked and cannot be " +
                                               (field[1] == 'r' ? "started" : "enabled"))
            .at(field)
            .hint("describe it with \"masked\":false");
    };
    if (wanted.enabled == true && stays_masked) throw masked("/enabled");
    if (wanted.running == true && !is_running(now) && stays_masked) throw masked("/running");
    if (wanted.enabled == true && !is_masked(now) && lacks_install_section(now))
        throw sdk::Failure(EK_E_UNSUPPORTED,
                           now.name + " cannot be enabled: its unit file is " +
                               (now.file_state.empty() ? "missing" : now.file_state))
            .at("/enabled")
            .hint("it has no [Install] section that systemd could act on; leave enabled out");
    if (wanted.running == true && !is_running(now) && !is_masked(now) &&
        now.load_state != "loaded" && now.load_state != "masked")
        throw sdk::Failure(EK_E_CONFLICT,
                           "systemd cannot load " + now.name + " (" + now.load_state + ")")
            .at("/running")
            .hint("systemd-analyze verify " + now.name + " says what is wrong with it");
}

}  // namespace

Wanted wanted_from(std::string_view description) {
    const sdk::json::Document document = sdk::json::parse_object(description);
    const Wanted wanted{flag(document, "running"), flag(document, "enabled"),
                        flag(document, "masked")};
    if (wanted.masked == true && wanted.running == true)
        throw sdk::Failure(EK_E_INVALID, "a masked service cannot be asked to run").at("/running");
    if (wanted.masked == true && wanted.enabled == true)
        throw sdk::Failure(EK_E_INVALID, "a masked service cannot be enabled").at("/enabled");
    return wanted;
}

sdk::Changes difference(const Unit& now, const Wanted& wanted) {
    require_possible(now, wanted);
    sdk::Changes changes;
    const auto compare = [&](const char* path, bool is, std::optional<bool> asked) {
        if (asked) changes.field(path, json_of(is), json_of(*asked));
    };
    compare("/running", is_running(now), wanted.running);
    compare("/enabled", is_enabled(now), wanted.enabled);
    compare("/masked", is_masked(now), wanted.masked);
    return changes;
}

sdk::Changes difference(const Wanted& wanted) {
    sdk::Changes changes;
    const auto add = [&](const char* path, std::optional<bool> asked) {
        if (asked) changes.field(path, std::nullopt, json_of(*asked));
    };
    add("/running", wanted.running);
    add("/enabled", wanted.enabled);
    add("/masked", wanted.masked);
    return changes;
}

}  // namespace evenkeel::services
