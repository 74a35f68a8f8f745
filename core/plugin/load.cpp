#include "core/plugin/load.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/open.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {

Result<std::vector<std::unique_ptr<Collection>>> load(const std::vector<std::string>& folders,
                                                      const std::string& name,
                                                      const LoadOptions& options) {
    const Package package = EK_TRY(find_package(folders, name, options));
    const ek_module* module = EK_TRY(load_library(package));
    const auto host = EK_TRY(Host::make(package, options));
    std::vector<std::unique_ptr<Collection>> collections;
    for (std::size_t i = 0; i < module->collection_count; ++i) {
        const ek_collection& table = *module->collections[i];
        const auto configured =
            options.configurations.find(std::string(table.name.ptr, table.name.len));
        const json::Value none = json::Object{};
        collections.push_back(EK_TRY(
            open_instance(*module, table, host,
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
