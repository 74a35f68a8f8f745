#include "core/agent/units.hpp"

#include <utility>

#include "core/base/log.hpp"

namespace evenkeel::agent {

Unit* Units::find(const std::string& collection) const {
    const auto found = units_.find(collection);
    return found == units_.end() ? nullptr : found->second.get();
}

bool Units::usable(const std::string& collection) const {
    const Unit* unit = find(collection);
    return unit && unit->out_of_order().empty();
}

Unit* Units::add(std::unique_ptr<Unit> unit) {
    const std::string name = unit->name();
    if (const Unit* other = find(name)) {
        refuse(unit->collection().plugin(), "the collection " + name + " is served by " +
                                                other->collection().plugin() +
                                                " already; load one of them only");
        return nullptr;
    }
    return units_.emplace(name, std::move(unit)).first->second.get();
}

void Units::refuse(std::string name, std::string reason) {
    log::error("a plugin is refused", {{"plugin", name}, {"why", reason}});
    refused_.push_back({std::move(name), std::move(reason)});
}

std::vector<wire::CollectionInfo> Units::infos() const {
    std::vector<wire::CollectionInfo> infos;
    for (const auto& [name, unit] : units_) {
        const plugin::Collection& collection = unit->collection();
        infos.push_back({name, collection.plugin(), collection.schema().hash(),
                         collection.schema_version(), collection.actions()});
    }
    return infos;
}

json::Value Units::describe() const {
    json::Array plugins;
    for (const auto& [name, unit] : units_) {
        json::Array actions;
        for (const std::string& action : unit->collection().actions()) actions.push_back(action);
        const std::string& reason = unit->out_of_order();
        plugins.push_back(json::Object{{"collection", name},
                                       {"plugin", unit->collection().plugin()},
                                       {"state", reason.empty() ? "loaded" : "out_of_order"},
                                       {"reason", reason.empty() ? json::Value() : reason},
                                       {"watches", unit->collection().watches()},
                                       {"actions", std::move(actions)}});
    }
    for (const Refused& refused : refused_) {
        plugins.push_back(json::Object{{"collection", nullptr},
                                       {"plugin", refused.name},
                                       {"state", "refused"},
                                       {"reason", refused.reason}});
    }
    return json::Object{{"plugins", std::move(plugins)}};
}

bool Units::stop() {
    bool all = true;
    for (const auto& [name, unit] : units_) all = unit->stop() && all;
    return all;
}

}  // namespace evenkeel::agent
