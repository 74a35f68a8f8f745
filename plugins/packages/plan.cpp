#include "plugins/packages/plan.hpp"

#include <evenkeel/json.hpp>

namespace evenkeel::packages {

namespace json = sdk::json;

namespace {

struct Wanted {
    std::optional<std::string> version;  // "latest" or exact
    std::optional<bool> hold;
};

Wanted wanted_from(std::string_view desired) {
    const json::Document description = json::parse_object(desired);
    Wanted wanted;
    if (const auto version = json::text_of(description, "version")) wanted.version = *version;
    if (json::find(description, "hold")) wanted.hold = json::flag_of(description, "hold", false);
    return wanted;
}

std::string truth(bool value) {
    return value ? "true" : "false";
}

// The version that the package shall have.
std::string target_of(const sdk::Call& call, Backend& backend, const std::string& id,
                      const Wanted& wanted, const std::optional<Package>& now) {
    const bool exact = wanted.version && *wanted.version != "latest";
    if (now && !wanted.version) return now->version;
    if (now && exact && *wanted.version == now->version) return now->version;
    const Available offer = backend.available(call, {id}).front();
    if (!offer.candidate)
        throw sdk::Failure(EK_E_NOT_FOUND, "no source of this machine has a package " + id)
            .hint("refresh the lists or add the source that has it");
    if (exact) return *wanted.version;
    if (wanted.version && offer.stale)
        call.note(EK_SEV_WARNING, "/version",
                  "the lists of packages are older than a week: " + *offer.candidate +
                      " may not be the latest version");
    return *offer.candidate;
}

}  // namespace

Planned plan_present(const sdk::Call& call, Backend& backend, std::string_view id_text,
                     std::string_view desired) {
    backend.require_canonical(id_text);
    const std::string id(id_text);
    const Wanted wanted = wanted_from(desired);
    const auto now = backend.find(id);
    const std::string target = target_of(call, backend, id, wanted, now);

    Planned planned{id, {}, {}, {}, {}};
    sdk::Changes& changes = planned.changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    if (now && !now->sound())
        changes.field("/condition", sdk::quote(now->condition), "\"installed\"");
    if (!now) changes.field("/version", std::nullopt, sdk::quote(target));
    if (now) changes.field("/version", sdk::quote(now->version), sdk::quote(target));
    if (wanted.hold && changes.field("/hold", truth(now && now->hold), truth(*wanted.hold))) {
        backend.require_hold();
        planned.hold = wanted.hold;
    }
    // Another version also finishes what the old one could not.
    if (changes.has("/version")) {
        planned.step = Step{id, target, false};
    } else if (changes.has("/condition")) {
        planned.step = Step{id, target, true};
    }
    // Somebody may undo it while the step waits for its lock.
    if (planned.step && wanted.hold == true) planned.hold = true;
    return planned;
}

Planned plan_absent(Backend& backend, std::string_view id_text) {
    backend.require_canonical(id_text);
    Planned planned{std::string(id_text), {}, {}, {}, {}};
    if (!backend.find(planned.id)) return planned;
    planned.step = Step{planned.id, std::nullopt, false};
    planned.changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
    return planned;
}

void set_holds(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids,
               bool hold) {
    std::vector<std::string> other;
    for (const std::string& id : ids)
        if (const auto now = backend.find(id); !now || now->hold != hold) other.push_back(id);
    if (!other.empty()) backend.set_hold(call, other, hold);
}

void bring_about(const sdk::Call& call, Backend& backend, Planned& planned) {
    if (planned.step && !planned.step->heal) backend.rehearse(call, {*planned.step});
    planned.changes.carry_out(call, [&] {
        if (planned.step)
            if (const Outcome failed = backend.carry_out(call, {*planned.step}).front())
                throw *failed;
        for (const char* path : {"/ensure", "/condition", "/version"}) planned.changes.done(path);
        if (planned.hold) set_holds(call, backend, {planned.id}, *planned.hold);
    });
}

}  // namespace evenkeel::packages
