#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/agent/load_plugins.hpp"
#include "core/base/fd.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Loads plugins while the agent runs, into processes of their own: those whose files were written
// anew (the sum file is the last of them), and those that were held and are released. [loop]
class PluginReloader {
  public:
    // Looks at the folders of `loader`, which outlives this, as does the agent.
    PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop);
    ~PluginReloader();
    PluginReloader(const PluginReloader&) = delete;
    PluginReloader& operator=(const PluginReloader&) = delete;

  private:
    using Loaded = Result<PluginLoader::Collections>;

    void watch_folders();
    void on_written(const std::string& plugin);
    void load_held(const std::string& plugin, const std::function<void(const Result<void>&)>& done);
    // Has the plugin served, unless its shared object has this sum; then calls `then`.
    void load(const std::string& plugin, const std::string& known_sha256,
              std::function<void(const Loaded&)> then);
    void tell_not_used(const std::string& plugin, const Error& error);
    std::string running_sum(const std::string& plugin) const;

    Agent& agent_;
    PluginLoader& loader_;
    run::Loop& loop_;
    Fd inotify_;
    // Posts must not find this when it is gone.
    std::shared_ptr<PluginReloader*> self_;
    run::Lane lane_{{.name = "plugin-loader"}};
};

}  // namespace evenkeel::agent
