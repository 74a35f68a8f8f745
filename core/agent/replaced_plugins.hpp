#pragma once

#include <memory>
#include <string>

#include "core/agent/load_plugins.hpp"
#include "core/base/fd.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Notices when a plugin's files were written anew (its sum file, which is the last of them), and
// has the new version served in a new process. [loop]
class ReplacedPlugins {
  public:
    // Looks at the folders of `loader`, which outlives this, as does the agent.
    ReplacedPlugins(Agent& agent, PluginLoader& loader, run::Loop& loop);
    ~ReplacedPlugins();
    ReplacedPlugins(const ReplacedPlugins&) = delete;
    ReplacedPlugins& operator=(const ReplacedPlugins&) = delete;

  private:
    void watch_folders();
    void on_written(const std::string& plugin);
    std::string running_sum(const std::string& plugin) const;

    Agent& agent_;
    PluginLoader& loader_;
    run::Loop& loop_;
    Fd inotify_;
    // Posts must not find this when it is gone.
    std::shared_ptr<ReplacedPlugins*> self_;
    run::Lane lane_{{.name = "plugin-loader"}};
};

}  // namespace evenkeel::agent
