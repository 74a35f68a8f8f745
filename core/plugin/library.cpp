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
    EK_CHECK(require_abi(package));
    Registry& loaded = registry();
    const std::lock_guard lock(loaded.mutex);
    if (const auto known = loaded.by_path.find(package.object); known != loaded.by_path.end()) {
        if (known->second.sha256 == package.sha256) return known->second.module;
        return fail(Errc::conflict, package.object +
                                        " was replaced while the agent runs: restart "
                                        "the agent to use the new one");
    }
    // By its path, so that $ORIGIN and debuggers find what they look for; that it is the file that
    // was hashed is seen before its code runs, and again afterwards.
    EK_CHECK(require_same_object(package));
    const ek_module* module = EK_TRY(load_object(package));
    EK_CHECK(require_same_object(package));
    loaded.by_path[package.object] = {module, package.sha256};
    return module;
}

}  // namespace evenkeel::plugin
