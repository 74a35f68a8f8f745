#include "orchestrator/plans/protection.hpp"

namespace evenkeel::plans {
namespace {

bool is_protected(const model::Model& model, const std::string& name) {
    const compile::Environment* environment = model.environment(name);
    return environment && environment->is_protected;
}

void add_protecting(const model::Model& model, const std::string& environment,
                    std::set<std::string>& names) {
    for (std::string& name : compile::environments_down_to(environment)) {
        if (!is_protected(model, name)) continue;
        names.insert(std::move(name));
        return;
    }
}

// Those above the root, and those below it.
void add_overlapping(const model::Model& model, const std::string& root,
                     std::set<std::string>& names) {
    if (!root.empty()) add_protecting(model, root, names);
    for (const auto& [name, environment] : model.environments()) {
        if (!environment->is_protected) continue;
        if (root.empty() || compile::is_within(name, root)) add_protecting(model, name, names);
    }
}

}  // namespace

std::set<std::string> protecting_environments(const model::Model& before, const model::Model& after,
                                              const Concerned& concerned,
                                              const std::vector<model::ObjectWrite>& writes) {
    std::set<std::string> names;
    for (const HostPlace& place : concerned.places) {
        add_protecting(before, place.before, names);
        add_protecting(before, place.after, names);
    }
    for (const std::string& root : concerned.subtrees) add_overlapping(before, root, names);
    for (const model::ObjectWrite& write : writes) {
        const bool loses = write.kind == model::ModelKind::environment &&
                           is_protected(before, write.name) && !is_protected(after, write.name);
        if (loses) names.insert(write.name);
    }
    return names;
}

}  // namespace evenkeel::plans
