#include "plugins/services/desired.hpp"

#include <string>

#include <evenkeel/json.hpp>

#include "plugins/services/backend.hpp"

namespace evenkeel::services {

namespace {

std::optional<bool> flag(const sdk::json::Document& description, std::string_view name) {
    if (!sdk::json::find(description, name)) return std::nullopt;
    return sdk::json::flag_of(description, name, false);
}

std::string json_of(bool value) {
    return value ? "true" : "false";
}

void require_possible(const Service& now, const Desired& desired) {
    const bool stays_masked = now.masked && desired.masked.value_or(true);
    const auto masked = [&](const char* field, const char* verb) {
        return sdk::Failure(EK_E_CONFLICT, now.id + " is masked and cannot be " + verb)
            .at(field)
            .hint("describe it with \"masked\":false");
    };
    const bool starts = desired.running == true && !now.running;
    if (desired.enabled == true && stays_masked) throw masked("/enabled", "enabled");
    if (starts && stays_masked) throw masked("/running", "started");
    if (desired.enabled == true && now.cannot_enable) throw *now.cannot_enable;
    if (starts && now.cannot_start) throw *now.cannot_start;
}

}  // namespace

Desired parse_desired(std::string_view description) {
    const sdk::json::Document document = sdk::json::parse_object(description);
    const Desired desired{flag(document, "running"), flag(document, "enabled"),
                          flag(document, "masked")};
    if (desired.masked == true && desired.running == true)
        throw sdk::Failure(EK_E_INVALID, "a masked service cannot be asked to run").at("/running");
    if (desired.masked == true && desired.enabled == true)
        throw sdk::Failure(EK_E_INVALID, "a masked service cannot be enabled").at("/enabled");
    return desired;
}

sdk::Changes difference(const Service& now, const Desired& desired) {
    require_possible(now, desired);
    sdk::Changes changes;
    const auto compare = [&](const char* path, bool is, std::optional<bool> wanted) {
        if (wanted) changes.field(path, json_of(is), json_of(*wanted));
    };
    compare("/running", now.running, desired.running);
    compare("/enabled", now.enabled, desired.enabled);
    compare("/masked", now.masked, desired.masked);
    return changes;
}

sdk::Changes difference_from_nothing(const Desired& desired) {
    sdk::Changes changes;
    const auto add = [&](const char* path, std::optional<bool> wanted) {
        if (wanted) changes.field(path, std::nullopt, json_of(*wanted));
    };
    add("/running", desired.running);
    add("/enabled", desired.enabled);
    add("/masked", desired.masked);
    return changes;
}

}  // namespace evenkeel::services
