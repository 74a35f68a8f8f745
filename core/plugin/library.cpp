#include "core/plugin/library.hpp"

#include <map>
#include <mutex>
#include <string>

#include "core/plugin/abi.hpp"
#include "core/plugin/module.hpp"

namespace evenkeel::plugin {
namespace {

struct Loaded {
    const ek_module* module;
    std::string sha256;
};

// Never destroyed: code and static data of a plugin may be in use until the very end, by threads
// left behind in it too.
struct Registry {
    std::mutex mutex;
    std::map<std::string, Loaded> by_path;
};
Registry& registry() {
    static auto* const instance = new Registry;
    return *instance;
}

}  // namespace

Result<const ek_module*> load_library(const Package& package) {
    if (package.abi_major != EK_ABI_MAJOR)
        return fail(Errc::unsupported,
                    "plugin " + package.name + " is built for ABI " +
                        std::to_string(package.abi_major) + " and this agent speaks " +
                        std::to_string(EK_ABI_MAJOR) + ": install the version for this agent");
    Registry& loaded = registry();
    const std::lock_guard lock(loaded.mutex);
    if (const auto known = loaded.by_path.find(package.object); known != loaded.by_path.end()) {
        if (known->second.sha256 == package.sha256) return known->second.module;
        return fail(Errc::conflict, package.object +
                                        " was replaced while the agent runs: restart "
                                        "the agent to use the new one");
    }
    const ek_module* module = EK_TRY(load_object(package));
    loaded.by_path[package.object] = {module, package.sha256};
    return module;
}

}  // namespace evenkeel::plugin
