#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/agent/load_plugins.hpp"
#include "core/base/fd.hpp"
#include "core/plugin/package.hpp"
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
    void watch_folders();
    void on_written(const std::string& plugin);
    void on_gone(const std::string& plugin);
    void load_held(const std::string& plugin, const std::function<void(const Result<void>&)>& done);
    // Has the plugin served as its files are now, if they are not those that were loaded last or,
    // with `always`, in any case; then calls `then` with why it is not.
    void load(const std::string& plugin, bool always,
              std::function<void(const Result<void>&)> then);
    // The log and the registry.
    void tell(const std::string& plugin, const Result<void>& used);
    bool is_there(const std::string& plugin) const;  // its sum file
    std::optional<plugin::Package> running(const std::string& plugin) const;

    Agent& agent_;
    PluginLoader& loader_;
    run::Loop& loop_;
    Fd inotify_;
    // What was loaded last, by plugin. [lane_]
    std::shared_ptr<std::map<std::string, plugin::Package>> loaded_packages_;
    // Posts must not find this when it is gone.
    std::shared_ptr<PluginReloader*> self_;
    run::Lane lane_{{.name = "plugin-loader"}};
};

}  // namespace evenkeel::agent
