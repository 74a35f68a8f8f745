#include "orchestrator/plans/setting_search.hpp"

#include <optional>

namespace evenkeel::plans {

using compile::Assignment;
using compile::Scope;
using compile::ScopeKind;

std::optional<Reach> within_scope(Reach reach, const Scope& scope) {
    if (scope.kind == ScopeKind::host) {
        if (!reach.host.empty() && reach.host != scope.name) return std::nullopt;
        reach.host = scope.name;
    }
    if (scope.kind == ScopeKind::environment) {
        if (reach.environment.empty() || compile::is_within(scope.name, reach.environment)) {
            reach.environment = scope.name;
        } else if (!compile::is_within(reach.environment, scope.name)) {
            return std::nullopt;
        }
    }
    return reach;
}

void SettingSearch::from(ModelIndex::PlaceKey place) {
    std::vector<ModelIndex::PlaceKey> waiting = {std::move(place)};
    while (!waiting.empty()) {
        const ModelIndex::PlaceKey at = std::move(waiting.back());
        waiting.pop_back();
        if (!seen_.insert(at).second) continue;
        for (const ModelIndex* index : {&before_, &after_}) {
            add_users(*index, at);
            for (auto& from : index->links_to(at)) waiting.push_back(std::move(from));
        }
    }
}

void SettingSearch::add_users(const ModelIndex& index, const ModelIndex::PlaceKey& place) {
    const auto& [scope, key] = place;
    const std::size_t colon = key.find(':');
    const std::string application = key.substr(0, colon == std::string::npos ? 0 : colon);
    // Of an assignment only plain keys are looked up.
    if (!application.empty() && scope.kind == ScopeKind::assignment) return;
    const std::string plain = application.empty() ? key : key.substr(colon + 1);
    for (const compile::Application* user : index.users_of(plain)) {
        if (application.empty() || user->name == application) add_user(index, *user, scope);
    }
}

void SettingSearch::add_user(const ModelIndex& index, const compile::Application& user,
                             const Scope& scope) {
    for (const compile::Assigned& assigned : index.assigned_of(user.name)) {
        if (assigned.application != &user) continue;
        const Assignment& assignment = *assigned.assignment;
        if (scope.kind == ScopeKind::assignment && scope.name != assignment.name) continue;
        auto reach = within_scope(reach_of(assignment), scope);
        if (reach) touched_.add(*std::move(reach));
    }
}

}  // namespace evenkeel::plans
