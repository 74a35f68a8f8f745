#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "core/run/loop.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::agent {

class Catalog;

// Decides when the actions that repairs have made due are run. There is one run for each action and
// collection of sources. It waits a moment, and then behind the repairs that are queued there, so
// that many repairs lead to one action. [loop]
class NotificationScheduler {
  public:
    NotificationScheduler(const Catalog& catalog, run::Loop& loop)
        : catalog_(catalog), loop_(loop) {}

    // Queues the run of the action for what was changed in `collection`; begun() is called when its
    // turn has come.
    std::function<void(const std::string& collection, const wire::Notification& notification)>
        start;

    // Schedules the actions that are pending for `source`.
    void notify(const wire::Ref& source);
    // Schedules the actions that an earlier process left pending, if their sources are compliant.
    void run_pending();
    // The run has begun: actions that become pending from now on need another run.
    void begun(const std::string& collection, const wire::Notification& notification);

  private:
    const Catalog& catalog_;
    run::Loop& loop_;
    // Actions that gather sources, or wait for their turn, by the collection of the sources.
    std::map<std::pair<std::string, wire::Notification>, run::Timer> waiting_;
};

}  // namespace evenkeel::agent
