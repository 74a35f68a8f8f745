#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/agent/load_plugins.hpp"
#include "core/base/fd.hpp"
#include "core/plugin/package.hpp"
#include "core/run/backoff.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Loads plugins while the agent runs, into processes of their own: those whose files were written
// anew (the sum file is the last of them), those that were held and are released, and those that
// did not start. [loop]
class PluginReloader {
  public:
    // Before a plugin that did not start is started again: doubles up to the longest.
    struct Pauses {
        std::chrono::milliseconds shortest = std::chrono::seconds(1);
        std::chrono::milliseconds longest = std::chrono::minutes(5);
    };
    // Looks at the folders of `loader`, which outlives this, as does the agent; and starts what it
    // could not start.
    PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop);
    PluginReloader(Agent& agent, PluginLoader& loader, run::Loop& loop, Pauses pauses);
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
              const std::function<void(const Result<void>&)>& then);
    // The log and the registry; and once more later, where that may help.
    void tell(const std::string& plugin, const Result<void>& used);
    void load_later(const std::string& plugin);
    bool is_there(const std::string& plugin) const;  // its sum file
    std::optional<plugin::Package> running(const std::string& plugin) const;

    Agent& agent_;
    PluginLoader& loader_;
    run::Loop& loop_;
    const Pauses pauses_;
    Fd inotify_;
    // What was loaded last, by plugin. [lane_]
    std::shared_ptr<std::map<std::string, plugin::Package>> loaded_packages_;
    // Of plugins that did not start.
    struct Retry {
        run::Backoff pauses;
        run::Timer next;
    };
    std::map<std::string, Retry> retries_;
    // Posts must not find this when it is gone.
    std::shared_ptr<PluginReloader*> self_;
    run::Lane lane_{{.name = "plugin-loader"}};
};

}  // namespace evenkeel::agent
