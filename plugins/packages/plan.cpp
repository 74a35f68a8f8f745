#include "plugins/packages/plan.hpp"

#include <evenkeel/json.hpp>

namespace evenkeel::packages {

namespace json = sdk::json;

namespace {

struct Desired {
    std::optional<std::string> version;  // "latest" or exact
    std::optional<bool> hold;
};

Desired parse_desired(std::string_view text) {
    const json::Document description = json::parse_object(text);
    Desired desired;
    if (const auto version = json::text_of(description, "version")) desired.version = *version;
    if (json::find(description, "hold")) desired.hold = json::flag_of(description, "hold", false);
    return desired;
}

std::string json_of(bool value) {
    return value ? "true" : "false";
}

// The version that the package is to have.
std::string target_of(const sdk::Call& call, Backend& backend, const std::string& id,
                      const Desired& desired, const std::optional<Package>& now) {
    const bool exact = desired.version && *desired.version != "latest";
    if (now && !desired.version) return now->version;
    if (now && exact && *desired.version == now->version) return now->version;
    const Available offer = backend.available(call, {id}).front();
    if (!offer.candidate)
        throw sdk::Failure(EK_E_NOT_FOUND, "no source of this machine has a package " + id)
            .hint("refresh the lists or add the source that has it");
    if (exact) return *desired.version;
    if (desired.version && offer.stale)
        call.note(EK_SEV_WARNING, "/version",
                  "the lists of packages are older than a week: " + *offer.candidate +
                      " may not be the latest version");
    return *offer.candidate;
}

}  // namespace

PackagePlan plan_present(const sdk::Call& call, Backend& backend, std::string_view id_text,
                         std::string_view description) {
    backend.require_canonical(id_text);
    const std::string id(id_text);
    const Desired desired = parse_desired(description);
    const auto now = backend.find(id);
    const bool held = backend.is_held(id);
    const std::string target = target_of(call, backend, id, desired, now);

    PackagePlan planned{id, {}, {}, {}, {}, {}};
    sdk::Changes& changes = planned.changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    if (now && !now->fully_installed())
        changes.field("/condition", sdk::quote(now->condition), "\"installed\"");
    if (!now) changes.field("/version", std::nullopt, sdk::quote(target));
    if (now) changes.field("/version", sdk::quote(now->version), sdk::quote(target));
    if (now && backend.is_automatic(call, id) == true) changes.field("/automatic", "true", "false");
    if (desired.hold && changes.field("/hold", json_of(held), json_of(*desired.hold))) {
        backend.require_hold();
        planned.hold = desired.hold;
    }
    // Another version also repairs what the old one has left half installed.
    if (changes.has("/version")) {
        planned.step = Step{id, target, false};
    } else if (changes.has("/condition")) {
        planned.step = Step{id, target, true};
    }
    // What is installed by its name is not automatic, if the package manager sees to that.
    planned.manual = planned.step || changes.has("/automatic");
    // It may be undone while the step waits for its lock.
    if (planned.step && desired.hold == true) planned.hold = true;
    return planned;
}

PackagePlan plan_absent(Backend& backend, std::string_view id_text) {
    backend.require_canonical(id_text);
    PackagePlan planned{std::string(id_text), {}, {}, {}, {}, {}};
    if (!backend.find(planned.id)) return planned;
    planned.step = Step{planned.id, std::nullopt, false};
    planned.changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
    return planned;
}

void set_manual(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids) {
    std::vector<std::string> automatic;
    for (const std::string& id : ids)
        if (backend.is_automatic(call, id) == true) automatic.push_back(id);
    if (!automatic.empty()) backend.set_manual(call, automatic);
}

void set_holds(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids,
               bool hold) {
    std::vector<std::string> other;
    for (const std::string& id : ids)
        if (const auto now = backend.find(id); !now || now->hold != hold) other.push_back(id);
    if (!other.empty()) backend.set_hold(call, other, hold);
}

void apply_plan(const sdk::Call& call, Backend& backend, PackagePlan& planned) {
    if (planned.step && !planned.step->repair) backend.simulate(call, {*planned.step});
    planned.changes.carry_out(call, [&] {
        if (planned.step)
            if (const StepError failed = backend.apply(call, {*planned.step}).front())
                throw *failed;
        for (const char* path : {"/ensure", "/condition", "/version"}) planned.changes.done(path);
        if (planned.manual) set_manual(call, backend, {planned.id});
        planned.changes.done("/automatic");
        if (planned.hold) set_holds(call, backend, {planned.id}, *planned.hold);
    });
}

}  // namespace evenkeel::packages
