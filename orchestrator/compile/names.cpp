#include "orchestrator/compile/names.hpp"

#include <set>

namespace evenkeel::compile {

json::Value value_of(const Host& host) {
    return json::Object{
        {"id", host.id}, {"name", host.name}, {"labels", host.labels}, {"facts", host.facts}};
}

AssignmentNames::AssignmentNames(const Host& host, const json::Value& host_value,
                                 const Assigned& assigned, const Sources& sources)
    : host_(host),
      host_value_(host_value),
      assigned_(assigned),
      sources_(sources),
      environment_(json::Object{{"name", host.environment}}),
      application_(json::Object{{"name", assigned.application->name},
                                {"version", std::uint64_t{assigned.application->version}}}) {}

Result<templates::FoundName> AssignmentNames::find(std::string_view name) {
    if (name == "host") return templates::FoundName{&host_value_};
    if (name == "environment") return templates::FoundName{&environment_};
    if (name == "application") return templates::FoundName{&application_};
    if (name == "peers") {
        if (!peers_) peers_ = find_peers();
        if (!*peers_) return fail(peers_->error());
        return templates::FoundName{&**peers_};
    }
    const EffectiveSetting* found = EK_TRY(setting(name));
    if (!found) return templates::FoundName{};
    return templates::FoundName{&found->value, found->is_secret};
}

std::vector<std::string> AssignmentNames::known() {
    std::set<std::string> names = {"application", "environment", "host", "peers"};
    for (const Parameter& parameter : assigned_.application->parameters) {
        names.insert(parameter.key);
    }
    const std::string own = assigned_.application->name + ":";
    for (const Place& place : places_of({&host_, assigned_.assignment}, "")) {
        for (const std::string& key : sources_.keys_of(place.scope)) {
            const bool is_own = key.starts_with(own);
            if (is_own || key.find(':') == std::string::npos) {
                names.insert(is_own ? key.substr(own.size()) : key);
            }
        }
    }
    return {names.begin(), names.end()};
}

Result<const EffectiveSetting*> AssignmentNames::setting(std::string_view key) {
    auto found = settings_.find(key);
    if (found == settings_.end()) {
        found =
            settings_
                .emplace(key, find_effective(sources_.find_setting, {&host_, assigned_.assignment},
                                             key, assigned_.application->rule_of(key)))
                .first;
    }
    if (!found->second) return fail(found->second.error());
    return *found->second ? &**found->second : nullptr;
}

Result<json::Value> AssignmentNames::find_peers() {
    json::Object all;
    for (const auto& [name, rule] : assigned_.application->peers) {
        all.append(name, *EK_TRY(sources_.peers(rule, host_)));
    }
    return all;
}

bool each_item(const json::Value& list, templates::NameSource& names,
               const std::function<void(templates::NameSource&)>& visit) {
    if (list.is_array()) {
        std::size_t index = 0;
        for (const json::Value& item : list.as_array()) {
            ItemNames with_item(names, item, std::uint64_t{index++});
            visit(with_item);
        }
        return true;
    }
    if (!list.is_object()) return false;
    for (const auto& [key, item] : list.as_object()) {
        ItemNames with_item(names, item, key);
        visit(with_item);
    }
    return true;
}

Result<templates::FoundName> ItemNames::find(std::string_view name) {
    if (name == "item") return templates::FoundName{&item_};
    if (name == "key") return templates::FoundName{&key_};
    return outer_.find(name);
}

std::vector<std::string> ItemNames::known() {
    std::vector<std::string> names = outer_.known();
    names.insert(names.end(), {"item", "key"});
    return names;
}

}  // namespace evenkeel::compile
