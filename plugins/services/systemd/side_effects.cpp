#include "plugins/services/systemd/side_effects.hpp"

#include <filesystem>
#include <set>

#include <evenkeel/cpp/write.hpp>

#include "plugins/services/desired.hpp"
#include "plugins/services/systemd/install_section.hpp"
#include "plugins/services/systemd/job_effects.hpp"
#include "plugins/services/systemd/manager.hpp"

namespace evenkeel::services {

namespace {

namespace fs = std::filesystem;

std::string json_of(const std::set<std::string>& texts) {
    std::string json;
    for (const std::string& text : texts) json += (json.empty() ? "" : ",") + sdk::quote(text);
    return "[" + json + "]";
}

std::string words(const std::set<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

void require_room_for_mask(const Manager& manager, const std::string& unit) {
    if (outweighs_masks(unit, manager.unit_path()))
        throw sdk::Failure(EK_E_CONFLICT,
                           unit + " cannot be masked: it is transient, which outweighs a mask")
            .at("/masked")
            .hint("it ends by itself, or by \"ensure\":\"absent\"; mask it then");
    const std::string path = std::string(kUnitLinks) + "/" + unit;
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return;
    throw sdk::Failure(EK_E_CONFLICT, unit + " cannot be masked: its unit file is " + path +
                                          ", where the mask would be")
        .at("/masked")
        .hint("move that file away first, or describe \"running\":false and \"enabled\":false");
}

// A link that is to be made must not take the place of anything else.
void require_room_for_links(const std::string& unit, const std::set<std::string>& before,
                            const std::set<std::string>& after) {
    for (const std::string& link : after) {
        std::error_code error;
        if (before.contains(link) || !fs::exists(fs::symlink_status(link, error))) continue;
        throw sdk::Failure(EK_E_CONFLICT,
                           unit + " cannot be enabled: " + link + " is there and is not its link")
            .at("/enabled")
            .hint("move it away first, or leave enabled out");
    }
}

void add_links(const Manager& manager, const std::string& unit, bool enables,
               sdk::Changes& changes) {
    const UnitPath folders = manager.unit_path();
    const std::set<std::string> before = links_of(with_also(unit, folders));
    std::set<std::string> after;
    if (enables) {
        const InstallSection section = InstallSection::of(unit, folders);
        if (!section.links_itself() && !section.also.empty())
            throw sdk::Failure(EK_E_UNSUPPORTED, unit +
                                                     " cannot be enabled: its [Install] section "
                                                     "only enables " +
                                                     words(section.also))
                .at("/enabled")
                .hint("describe those that are services; leave enabled out");
        after = links_after_enable(unit, folders);
        require_room_for_links(unit, before, after);
    }
    changes.field("/links", json_of(before), json_of(after));
}

void add_jobs(const Manager& manager, const std::string& unit, bool starts, sdk::Changes& changes) {
    const auto look_up = [&](const std::vector<std::string>& units) {
        return manager.properties(units);
    };
    const JobEffects effects =
        starts ? effects_of_start(unit, look_up) : effects_of_stop(unit, look_up);
    if (!effects.starts.empty())
        changes.field("/also_starts", std::nullopt, json_of(effects.starts));
    if (!effects.stops.empty()) changes.field("/also_stops", std::nullopt, json_of(effects.stops));
}

}  // namespace

void add_side_effects(const Manager& manager, const std::string& unit, const Desired& desired,
                      sdk::Changes& changes) {
    if (changes.has("/masked") && *desired.masked) require_room_for_mask(manager, unit);
    if (changes.has("/enabled")) add_links(manager, unit, *desired.enabled, changes);
    if (changes.has("/running")) add_jobs(manager, unit, *desired.running, changes);
}

}  // namespace evenkeel::services
