#include "core/agent/load_plugins.hpp"

#include <utility>

#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"

namespace evenkeel::agent {

void load_plugins(Agent& agent, const Config& config, bool accept_own_user) {
    plugin::LoadOptions options;
    options.data_dir = config.state_dir + "/plugins";
    options.accept_own_user = accept_own_user;
    // Shared with the plugins, which live as long as the process.
    options.fingerprint = [sealer = std::make_shared<crypto::Sealer>(agent.store().sealer())](
                              const std::string& bytes) { return sealer->fingerprint(bytes); };
    options.agent_version = EVENKEEL_VERSION;
    options.configurations = config.collections;
    const std::vector<std::string> names =
        config.plugins ? *config.plugins : plugin::available(config.plugin_dirs);
    for (const std::string& name : names) {
        auto collections = plugin::load(config.plugin_dirs, name, options);
        if (!collections) {
            agent.refuse(name, collections.error().what);
            continue;
        }
        for (auto& collection : *collections) agent.add(std::move(collection));
    }
    for (const auto& [name, configuration] : config.collections) {
        if (agent.registry().find(name)) continue;
        agent.registry().refuse({name, "",
                                 "the configuration has collections." + name +
                                     ", and no plugin that is loaded serves it"});
    }
}

}  // namespace evenkeel::agent
