#include "core/plugin/load.hpp"

#include <chrono>
#include <filesystem>
#include <set>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/module.hpp"
#include "core/plugin/open.hpp"
#include "core/plugin/package.hpp"
#include "core/plugin/remote/remote_plugin.hpp"

namespace evenkeel::plugin {
namespace {

Result<const ek_module*> module_of(const Package& package, const std::shared_ptr<Host>& host,
                                   const LoadOptions& options) {
    if (!options.isolation) return load_library(package);
    EK_CHECK(require_abi(package));
    host->run_by(EK_TRY(
        RemotePlugin::start(package, *host->table(), *options.isolation, options.accept_own_user)));
    return host->process()->module();
}

}  // namespace

Result<std::vector<std::unique_ptr<Collection>>> load(const std::vector<std::string>& folders,
                                                      const std::string& name,
                                                      const LoadOptions& options) {
    const Package package = EK_TRY(find_package(folders, name, options));
    if (!options.isolation) EK_CHECK(load_code(package));
    auto collections = EK_TRY(collections_of(package, options));
    Call call;
    call.timeout = std::chrono::seconds(30);
    for (const auto& collection : collections) collection->open(call);
    return collections;
}

Result<void> load_code(const Package& package) {
    EK_TRY(load_library(package));
    return {};
}

Result<std::vector<std::unique_ptr<Collection>>> collections_of(const Package& package,
                                                                const LoadOptions& options) {
    const auto host = EK_TRY(Host::make(package, options));
    const ek_module* module = EK_TRY(module_of(package, host, options));
    std::vector<std::unique_ptr<Collection>> collections;
    for (std::size_t i = 0; i < module->collection_count; ++i) {
        const ek_collection& table = *module->collections[i];
        const auto configured =
            options.configurations.find(std::string(table.name.ptr, table.name.len));
        const json::Value none = json::Object{};
        collections.push_back(EK_TRY(
            make_instance(*module, table, host,
                          configured == options.configurations.end() ? none : configured->second)));
    }
    return collections;
}

std::vector<std::string> available(const std::vector<std::string>& folders) {
    constexpr std::string_view kManifest = ".manifest.json";
    std::set<std::string> names;
    for (const std::string& folder : folders) {
        std::error_code error;
        for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
             at.increment(error)) {
            std::string name = at->path().filename().string();
            if (!name.ends_with(kManifest)) continue;
            name.resize(name.size() - kManifest.size());
            if (!name.empty()) names.insert(name);
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace evenkeel::plugin
