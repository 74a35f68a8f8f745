#include "orchestrator/model/editor.hpp"

#include <utility>

namespace evenkeel::model {

template <typename T>
T& Editor::own(std::shared_ptr<const T>& shared, bool& is_own) {
    if (!std::exchange(is_own, true)) shared = std::make_shared<T>(*shared);
    // It was made here, and nobody else has it yet.
    return const_cast<T&>(*shared);
}

void Editor::put(compile::Environment environment) {
    auto& all = own(model_.environments_, owns_environments_);
    const std::string name = environment.name;
    all.insert_or_assign(name, std::make_shared<compile::Environment>(std::move(environment)));
}

void Editor::put(compile::Assignment assignment) {
    auto& all = own(model_.assignments_, owns_assignments_);
    const std::string name = assignment.name;
    all.insert_or_assign(name, std::make_shared<compile::Assignment>(std::move(assignment)));
}

void Editor::put(const compile::Place& place, compile::Setting setting) {
    auto& scope = own(model_.settings_, owns_settings_)[place.scope];
    if (!scope) scope = std::make_shared<ScopeSettings>();
    bool is_own = !owned_scopes_.insert(place.scope).second;
    own(scope, is_own).insert_or_assign(place.key, std::move(setting));
}

void Editor::put(compile::Application application) {
    auto& all = own(model_.applications_, owns_applications_);
    const auto found = all.find(application.name);
    Model::Versions versions = found == all.end() ? Model::Versions() : *found->second;
    const std::string name = application.name;
    const std::uint32_t number = application.version;
    versions.insert_or_assign(number,
                              std::make_shared<compile::Application>(std::move(application)));
    all.insert_or_assign(name, std::make_shared<Model::Versions>(std::move(versions)));
}

void Editor::erase_environment(const std::string& name) {
    own(model_.environments_, owns_environments_).erase(name);
}

void Editor::erase_assignment(const std::string& name) {
    own(model_.assignments_, owns_assignments_).erase(name);
}

void Editor::erase_setting(const compile::Place& place) {
    auto& scopes = own(model_.settings_, owns_settings_);
    const auto scope = scopes.find(place.scope);
    if (scope == scopes.end()) return;
    bool is_own = !owned_scopes_.insert(place.scope).second;
    auto& settings = own(scope->second, is_own);
    settings.erase(place.key);
    if (settings.empty()) erase_settings(place.scope);
}

void Editor::erase_settings(const compile::Scope& scope) {
    own(model_.settings_, owns_settings_).erase(scope);
    owned_scopes_.erase(scope);
}

void Editor::erase_application(const std::string& name) {
    own(model_.applications_, owns_applications_).erase(name);
}

}  // namespace evenkeel::model
