#include "orchestrator/model/model.hpp"

#include <algorithm>
#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/compile/host_fields.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/model/stored_objects.hpp"

namespace evenkeel::model {
namespace {

template <typename Objects, typename Key>
auto find_in(const Objects& objects, const Key& name) {
    const auto found = objects.find(name);
    return found == objects.end() ? nullptr : found->second.get();
}

bool finds(const compile::Assignment& assignment, const compile::Host& host) {
    if (!assignment.is_enabled) return false;
    if (!assignment.host.empty()) return assignment.host == host.id;
    if (!assignment.environment.empty() &&
        !compile::is_within(host.environment, assignment.environment)) {
        return false;
    }
    return compile::matches(assignment.filter, host);
}

}  // namespace

Model::Model()
    : assignments_(std::make_shared<Objects<compile::Assignment>>()),
      applications_(std::make_shared<Objects<Versions>>()),
      settings_(std::make_shared<Scopes>()) {
    auto environments = std::make_shared<Objects<compile::Environment>>();
    const std::string name(compile::kDefaultEnvironment);
    environments->emplace(
        name, std::make_shared<compile::Environment>(compile::Environment{.name = name}));
    environments_ = std::move(environments);
}

const compile::Environment* Model::environment(std::string_view name) const {
    return find_in(*environments_, name);
}

const compile::Assignment* Model::assignment(std::string_view name) const {
    return find_in(*assignments_, name);
}

const ScopeSettings* Model::settings(const compile::Scope& scope) const {
    return find_in(*settings_, scope);
}

const compile::Setting* Model::setting(const compile::Place& place) const {
    const ScopeSettings* scope = settings(place.scope);
    if (!scope) return nullptr;
    const auto found = scope->find(place.key);
    return found == scope->end() ? nullptr : &found->second;
}

const compile::Application* Model::application(std::string_view name, std::uint32_t version) const {
    const Versions* versions = find_in(*applications_, name);
    if (!versions || versions->empty()) return nullptr;
    if (version == 0) return versions->rbegin()->second.get();
    const auto found = versions->find(version);
    return found == versions->end() ? nullptr : found->second.get();
}

std::vector<compile::Assigned> Model::assigned_to(const compile::Host& host) const {
    std::vector<compile::Assigned> assigned;
    for (const auto& [name, assignment] : *assignments_) {
        if (!finds(*assignment, host)) continue;
        const compile::Application* of = application(assignment->application, assignment->version);
        if (of) assigned.push_back({assignment.get(), of});
    }
    return assigned;
}

}  // namespace evenkeel::model
