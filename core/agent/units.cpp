#include "core/agent/units.hpp"

#include <algorithm>
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
        refuse({"", unit->collection().plugin(),
                "the collection " + name + " is served by " + other->collection().plugin() +
                    " already; load one of them only"});
        return nullptr;
    }
    return units_.emplace(name, std::move(unit)).first->second.get();
}

void Units::refuse(Refused refused) {
    if (refused.plugin.empty()) {
        log::error("a collection is not there",
                   {{"collection", refused.collection}, {"why", refused.reason}});
    } else {
        log::error("a plugin is refused", {{"plugin", refused.plugin}, {"why", refused.reason}});
    }
    refused_.push_back(std::move(refused));
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
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json::Value() : json::Value(text);
    };
    const auto words = [](const std::vector<std::string>& names) {
        json::Array array;
        for (const std::string& name : names) array.emplace_back(name);
        return array;
    };
    json::Array plugins;
    for (const auto& [name, unit] : units_) {
        const plugin::Collection& collection = unit->collection();
        const std::string& plugin = collection.plugin();  // name, space, version
        const std::size_t space = std::min(plugin.rfind(' '), plugin.size());
        const std::string& reason = unit->out_of_order();
        plugins.push_back(json::Object{
            {"collection", name},
            {"plugin", plugin.substr(0, space)},
            {"version", text_or_null(plugin.substr(std::min(space + 1, plugin.size())))},
            {"state", reason.empty() ? "loaded" : "out_of_order"},
            {"reason", text_or_null(reason)},
            {"backend", text_or_null(collection.backend())},
            {"capabilities", words(collection.capabilities())},
            {"actions", words(collection.actions())}});
    }
    for (const Refused& refused : refused_) {
        plugins.push_back(json::Object{{"collection", text_or_null(refused.collection)},
                                       {"plugin", text_or_null(refused.plugin)},
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
