#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/agent.hpp"
#include "core/agent/config/config.hpp"
#include "core/plugin/load.hpp"

namespace evenkeel::agent {

// Loads plugins from the folders of a configuration, for one agent, which outlives this.
class PluginLoader {
  public:
    using Collections = std::vector<std::shared_ptr<plugin::Collection>>;

    PluginLoader(Agent& agent, Config config, bool accept_own_user);

    // Loads the plugins that the configuration names (all that are found, if it names none) into
    // the agent; what cannot be loaded is refused there with its reason. An error: a plugin did not
    // come back from being loaded. This process cannot load anything any more then, and is to end
    // without destructors; `timeout` when the next one holds that plugin. [loop]
    Result<void> load_all();

    // Plugins that load_all() could not start in processes of their own, and that may start another
    // time. [loop]
    const std::vector<std::string>& not_started() const { return not_started_; }

    const std::vector<std::string>& folders() const { return config_.plugin_dirs; }
    // Whether the configuration has the plugin. [any]
    bool may_load(const std::string& name) const;
    // The collections of a plugin as its files are now, in a process of its own, not open yet; none
    // when its shared object is that of `known`, which may be null. `conflict` for one that runs in
    // this process. [any]
    Result<Collections> load_again(const std::string& name, const plugin::Package* known);

  private:
    class LoadedSchemas;
    class CodeLoader;

    Result<void> load(const std::string& name, CodeLoader& loader);
    Result<Collections> collections_of(const plugin::Package& package);
    std::optional<plugin::Isolation> isolation_of(const plugin::Package& package) const;

    Agent& agent_;
    const Config config_;
    plugin::LoadOptions options_;
    std::shared_ptr<LoadedSchemas> schemas_;
    std::vector<std::string> not_started_;
};

// Once, by a loader of its own.
Result<void> load_plugins(Agent& agent, const Config& config, bool accept_own_user);

}  // namespace evenkeel::agent
