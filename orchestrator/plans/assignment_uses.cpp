#include "orchestrator/plans/assignment_uses.hpp"

#include <optional>
#include <set>

#include "core/secrets/protector.hpp"
#include "orchestrator/plans/setting_search.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

using compile::Scope;
using compile::ScopeKind;

class Uses {
  public:
    Uses(const state::View& view, const secrets::Protector& protector, const model::Model& model,
         const compile::Assignment& assignment)
        : view_(view), protector_(protector), model_(model), assignment_(assignment) {}

    Result<std::string> text() {
        const compile::Application* application =
            model_.application(assignment_.application, assignment_.version);
        json::Array parts{assignment_.name};
        if (application == nullptr) return json::write_canonical(parts);
        parts.push_back(application->name);
        parts.push_back(static_cast<std::int64_t>(application->version));
        parts.push_back(protector_.mac(json::write_canonical(application->body)));
        for (const auto& [scope, settings] : model_.scopes()) {
            if (!EK_TRY(counts_in(scope))) continue;
            for (const std::string& key : keys_of(*application)) {
                if (settings->contains(key)) add({scope, key}, parts);
            }
        }
        return json::write_canonical(parts);
    }

  private:
    static std::set<std::string> keys_of(const compile::Application& application) {
        std::set<std::string> keys;
        for (const std::string& name : application.names_used) {
            const std::string key = name.substr(0, name.find('.'));
            keys.insert({key, application.name + ":" + key});
        }
        return keys;
    }

    // Whether a host that the assignment reaches can have settings of this scope.
    Result<bool> counts_in(const Scope& scope) const {
        if (scope.kind == ScopeKind::assignment) return scope.name == assignment_.name;
        const auto both = within_scope(reach_of(assignment_), scope);
        if (!both || both->host.empty() || both->environment.empty()) return both.has_value();
        const auto host = EK_TRY(view_.hosts().find(both->host));
        return host && compile::is_within(host->environment, both->environment);
    }

    // And all that its links lead to.
    void add(const compile::Place& place, json::Array& parts) {
        std::optional<compile::Place> at = place;
        while (at && seen_.emplace(at->scope, at->key).second) {
            const compile::Setting* setting = model_.setting(*at);
            parts.push_back(compile::text_of(at->scope));
            parts.push_back(at->key);
            parts.push_back(setting ? protector_.mac(json::write_canonical(setting->value)) : "");
            at.reset();
            if (setting && setting->link) at = {setting->link->scope, setting->link->key};
            if (at) parts.push_back(compile::text_of(at->scope) + " " + at->key);
        }
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    const model::Model& model_;
    const compile::Assignment& assignment_;
    std::set<ModelIndex::PlaceKey> seen_;
};

}  // namespace

Result<std::vector<std::string>> uses_of_assignments(
    const state::View& view, const secrets::Protector& protector, const model::Model& after,
    const std::vector<model::ObjectWrite>& writes) {
    std::vector<std::string> texts;
    for (const model::ObjectWrite& write : writes) {
        if (write.kind != model::ModelKind::assignment) continue;
        const compile::Assignment* assignment = after.assignment(write.name);
        if (assignment == nullptr || !assignment->is_enabled) continue;
        texts.push_back(EK_TRY(Uses(view, protector, after, *assignment).text()));
    }
    return texts;
}

}  // namespace evenkeel::plans
