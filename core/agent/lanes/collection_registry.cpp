#include "core/agent/lanes/collection_registry.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::agent {
namespace {

// "files" of "files 0.1.0".
std::string name_of(const std::string& plugin) {
    return plugin.substr(0, plugin.rfind(' '));
}

// "1.2.0" of "cron 1.2.0"; empty: there is none.
std::string version_of(const std::string& plugin) {
    const auto at = plugin.rfind(' ');
    return at == plugin.npos ? "" : plugin.substr(at + 1);
}

}  // namespace

CollectionRunner* CollectionRegistry::find(const std::string& collection) const {
    const auto found = runners_.find(collection);
    return found == runners_.end() ? nullptr : found->second.get();
}

bool CollectionRegistry::knows(const std::string& collection) const {
    return find(collection) ||
           std::any_of(refused_.begin(), refused_.end(),
                       [&](const Refused& refused) { return refused.collection == collection; });
}

bool CollectionRegistry::usable(const std::string& collection) const {
    const CollectionRunner* runner = find(collection);
    return runner && runner->out_of_order_reason().empty();
}

bool CollectionRegistry::comes_after(const std::string& collection,
                                     const std::string& other) const {
    std::vector<std::string> ahead{collection};
    std::set<std::string> seen;
    while (!ahead.empty()) {
        const CollectionRunner* runner = find(ahead.back());
        ahead.pop_back();
        if (!runner) continue;
        const json::Value& after = runner->collection().schema().document()["x-ek-after"];
        if (!after.is_array()) continue;
        for (const json::Value& name : after.as_array()) {
            if (!name.is_string() || !seen.insert(name.as_string()).second) continue;
            if (name.as_string() == other) return true;
            ahead.push_back(name.as_string());
        }
    }
    return false;
}

CollectionRunner* CollectionRegistry::add(std::unique_ptr<CollectionRunner> runner) {
    const std::string name = runner->name();
    if (const CollectionRunner* other = find(name)) {
        refuse({"", runner->collection().plugin(),
                "the collection " + name + " is served by " + other->collection().plugin() +
                    " already; load one of them only"});
        return nullptr;
    }
    // Of a configuration for which there was no plugin yet.
    std::erase_if(refused_, [&](const Refused& refused) {
        return refused.collection == name && refused.plugin.empty();
    });
    return runners_.emplace(name, std::move(runner)).first->second.get();
}

void CollectionRegistry::refuse(Refused refused) {
    if (!refused.plugin.empty() && !refused.collection.empty()) {
        log::error("a plugin is held", {{"plugin", refused.plugin}, {"why", refused.reason}});
    } else if (refused.plugin.empty()) {
        log::error("a collection is missing",
                   {{"collection", refused.collection}, {"why", refused.reason}});
    } else {
        log::error("a plugin is refused", {{"plugin", refused.plugin}, {"why", refused.reason}});
    }
    refused_.push_back(std::move(refused));
}

const CollectionRegistry::Refused* CollectionRegistry::held(const std::string& collection) const {
    const auto found = std::find_if(refused_.begin(), refused_.end(), [&](const Refused& refused) {
        return refused.collection == collection && !refused.plugin.empty();
    });
    return found == refused_.end() ? nullptr : &*found;
}

std::string CollectionRegistry::held_plugin(const std::string& collection) const {
    const Refused* refused = held(collection);
    return refused != nullptr ? name_of(refused->plugin) : "";
}

Error CollectionRegistry::why_missing(const std::string& collection) const {
    if (const Refused* refused = held(collection))
        return {Errc::unavailable, "its plugin is held: " + refused->reason};
    return {Errc::not_found, "this host has no plugin for the collection " + printable(collection)};
}

wire::UnknownReason CollectionRegistry::verdict_of_missing(const std::string& collection) const {
    return held(collection) != nullptr ? wire::UnknownReason::plugin_hung
                                       : wire::UnknownReason::no_plugin;
}

void CollectionRegistry::forget_refusals(const std::string& plugin) {
    std::erase_if(refused_,
                  [&](const Refused& refused) { return name_of(refused.plugin) == plugin; });
}

void CollectionRegistry::warn_of_files(const std::string& plugin, const std::string& why) {
    if (why.empty()) files_not_used_.erase(plugin);
    else files_not_used_[plugin] = why;
}

std::vector<wire::CollectionInfo> CollectionRegistry::infos() const {
    std::vector<wire::CollectionInfo> infos;
    for (const auto& [name, runner] : runners_) {
        const plugin::Collection& collection = runner->collection();
        infos.push_back({name, collection.plugin(), collection.schema().hash(),
                         collection.schema_version(), collection.actions(),
                         collection.capabilities()});
    }
    return infos;
}

json::Value CollectionRegistry::describe() const {
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json::Value() : json::Value(text);
    };
    const auto words = [](const std::vector<std::string>& names) {
        json::Array array;
        for (const std::string& name : names) array.emplace_back(name);
        return array;
    };
    json::Array plugins;
    for (const auto& [name, runner] : runners_) {
        const plugin::Collection& collection = runner->collection();
        const std::string& plugin = collection.plugin();
        const std::string& reason = runner->out_of_order_reason();
        plugins.push_back(json::Object{
            {"collection", name},
            {"plugin", name_of(plugin)},
            {"version", text_or_null(version_of(plugin))},
            {"state", reason.empty() ? "loaded" : "out_of_order"},
            {"reason", text_or_null(reason)},
            {"signed_by", text_or_null(collection.signed_by())},
            {"isolation", collection.process() ? "process" : "none"},
            {"process", collection.process() ? collection.process()->describe() : json::Value()},
            {"backend", text_or_null(collection.backend())},
            {"capabilities", words(collection.capabilities())},
            {"actions", words(collection.actions())}});
    }
    for (const Refused& refused : refused_) {
        const bool is_held = !refused.plugin.empty() && !refused.collection.empty();
        plugins.push_back(json::Object{{"collection", text_or_null(refused.collection)},
                                       {"plugin", text_or_null(name_of(refused.plugin))},
                                       {"version", text_or_null(version_of(refused.plugin))},
                                       {"state", is_held ? "out_of_order" : "refused"},
                                       {"reason", refused.reason},
                                       {"signed_by", nullptr},
                                       {"isolation", nullptr},
                                       {"process", nullptr},
                                       {"backend", nullptr},
                                       {"capabilities", words({})},
                                       {"actions", words({})}});
    }
    json::Array warnings = words(warnings_);
    for (const auto& [plugin, why] : files_not_used_)
        warnings.emplace_back(printable(plugin) + ": " + why);
    return json::Object{{"plugins", std::move(plugins)}, {"warnings", std::move(warnings)}};
}

void CollectionRegistry::interrupt() {
    for (const auto& [name, runner] : runners_) runner->interrupt();
}

bool CollectionRegistry::stop() {
    bool all = true;
    for (const auto& [name, runner] : runners_) all = runner->stop() && all;
    return all;
}

}  // namespace evenkeel::agent
