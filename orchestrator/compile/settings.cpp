#include "orchestrator/compile/settings.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::compile {
namespace {

std::string text_of_chain(const std::vector<Place>& chain, const Place& end) {
    std::string text;
    for (const Place& place : chain) text += text_of(place) + " -> ";
    return text + text_of(end);
}

bool is_same(const Place& a, const Place& b) {
    return a.scope == b.scope && a.key == b.key;
}

bool holds(const std::vector<Place>& chain, const Place& place) {
    return std::any_of(chain.begin(), chain.end(),
                       [&](const Place& each) { return is_same(each, place); });
}

// The level at which the assignment is made.
Scope scope_of(const Assignment& assignment) {
    if (!assignment.host.empty()) return Scope::host(assignment.host);
    if (!assignment.environment.empty()) return Scope::environment(assignment.environment);
    return {};
}

void add_level(const Subject& subject, Scope scope, std::string_view key,
               std::vector<Place>& places) {
    const Assignment* assignment = subject.assignment;
    places.push_back({scope, std::string(key)});
    if (!assignment) return;
    places.push_back({scope, assignment->application + ":" + std::string(key)});
    if (scope == scope_of(*assignment)) {
        places.push_back({Scope::assignment(assignment->name), std::string(key)});
    }
}

// `nearer` over `value`.
void lay_over(json::Value& value, const json::Value& nearer, bool merges) {
    if (!merges || !value.is_object() || !nearer.is_object()) {
        value = nearer;
        return;
    }
    for (const auto& [name, member] : nearer.as_object()) value.as_object().set(name, member);
}

// A null that is left takes away nothing any more.
void drop_nulls(json::Value& value) {
    if (!value.is_object()) return;
    json::Object kept;
    for (auto& [name, member] : value.as_object()) {
        if (!member.is_null()) kept.append(name, std::move(member));
    }
    value = std::move(kept);
}

}  // namespace

std::string text_of(const Place& place) {
    return text_of(place.scope) + " " + place.key;
}

Result<ResolvedSetting> resolve(const FindSetting& find, const Place& place) {
    std::vector<Place> chain;
    Place at = place;
    bool is_secret = false;
    const Setting* last = nullptr;
    for (const Setting* setting = find(at); setting && !holds(chain, at); setting = find(at)) {
        is_secret = is_secret || setting->is_secret;
        if (!setting->link) return ResolvedSetting{&setting->value, is_secret};
        if (chain.size() == kLinksMost) {
            return fail(Errc::limit, "more than 100 links in a row: " + text_of(place) + " -> ...");
        }
        last = setting;
        chain.push_back(std::exchange(at, {setting->link->scope, setting->link->key}));
    }
    if (!last->value.is_null()) return ResolvedSetting{&last->value, is_secret};
    return fail(Errc::invalid, std::string(holds(chain, at) ? "its links go in a circle: "
                                                            : "its link leads to no setting: ") +
                                   text_of_chain(chain, at));
}

std::vector<Place> places_of(const Subject& subject, std::string_view key) {
    std::vector<Place> places;
    add_level(subject, {}, key, places);
    for (std::string& name : environments_down_to(subject.host->environment)) {
        add_level(subject, Scope::environment(std::move(name)), key, places);
    }
    add_level(subject, Scope::host(subject.host->id), key, places);
    return places;
}

Result<std::optional<EffectiveSetting>> find_effective(const FindSetting& find,
                                                       const Subject& subject, std::string_view key,
                                                       const ParameterRule& rule) {
    std::optional<EffectiveSetting> found;
    if (rule.default_value) found = EffectiveSetting{.value = *rule.default_value};
    std::vector<Override> told;
    for (Place& place : places_of(subject, key)) {
        if (!find(place)) continue;
        auto resolved = resolve(find, place);
        if (!resolved) return fail("setting " + text_of(place), resolved.error());
        if (!found) found.emplace();
        // A value that is replaced lends its secrecy to nothing.
        const bool is_part =
            rule.merges && found->value.is_object() && resolved->value->is_object();
        lay_over(found->value, *resolved->value, rule.merges);
        found->is_secret = resolved->is_secret || (is_part && found->is_secret);
        found->from = place;
        told.push_back({std::move(place), resolved->value, resolved->is_secret});
    }
    if (!found) return found;
    if (rule.merges) drop_nulls(found->value);
    if (!told.empty()) told.pop_back();
    found->overrides.assign(std::make_move_iterator(told.rbegin()),
                            std::make_move_iterator(told.rend()));
    return found;
}

namespace {

bool leads_to(const FindSetting& find, Place from, const Place& place) {
    for (std::size_t links = 0; links <= kLinksMost; ++links) {
        const Setting* setting = find(from);
        if (!setting || !setting->link) return false;
        from = {setting->link->scope, setting->link->key};
        if (is_same(from, place)) return true;
    }
    return false;
}

// What cannot be resolved could be anything.
bool may_be_object(const FindSetting& find, const Place& place) {
    if (!find(place)) return true;
    const auto resolved = resolve(find, place);
    return !resolved || resolved->value->is_object();
}

}  // namespace

bool depends_on(const FindSetting& find, const Subject& subject, std::string_view key,
                const ParameterRule& rule, const Place& place) {
    bool is_part = false;
    bool is_object = rule.default_value && rule.default_value->is_object();
    for (const Place& at : places_of(subject, key)) {
        const bool is_it = is_same(at, place);
        if (!is_it && !find(at)) continue;
        const bool may_merge = may_be_object(find, at);
        const bool keeps_others = rule.merges && is_object && may_merge;
        is_part = is_it || leads_to(find, at, place) || (keeps_others && is_part);
        is_object = may_merge;
    }
    return is_part;
}

}  // namespace evenkeel::compile
