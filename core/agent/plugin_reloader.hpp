#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
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
    // Has the plugin served, then calls `then`. Unless null, `running_sha256` is the sum of the
    // shared object that runs now, if one does: that, or the one loaded last, is not loaded again.
    void load(const std::string& plugin, const std::optional<std::string>& running_sha256,
              std::function<void(const Loaded&)> then);
    void tell_not_used(const std::string& plugin, const Error& error);
    bool is_there(const std::string& plugin) const;  // its sum file
    std::string running_sum(const std::string& plugin) const;

    Agent& agent_;
    PluginLoader& loader_;
    run::Loop& loop_;
    Fd inotify_;
    // The sum of the shared object that was loaded last, by plugin. [lane_]
    std::shared_ptr<std::map<std::string, std::string>> loaded_sums_;
    // Posts must not find this when it is gone.
    std::shared_ptr<PluginReloader*> self_;
    run::Lane lane_{{.name = "plugin-loader"}};
};

}  // namespace evenkeel::agent
