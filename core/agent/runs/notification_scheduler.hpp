#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "core/run/loop.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::agent {

class Catalog;

// Decides when the actions that are owed after repairs are run. One run for each action and the
// sources of one collection: it waits a moment, and then behind the repairs that wait there, so
// that many of them lead to one action. [loop]
class NotificationScheduler {
  public:
    NotificationScheduler(const Catalog& catalog, run::Loop& loop)
        : catalog_(catalog), loop_(loop) {}

    // Queues the run of the action for what was changed in `collection`; begun() is called when its
    // turn has come.
    std::function<void(const std::string& collection, const wire::Notification& notification)>
        start;

    // What `source` owes is due.
    void notify(const wire::Ref& source);
    // What a process before left is due, as far as its sources are in line.
    void run_pending();
    // From now on what is owed needs another run.
    void begun(const std::string& collection, const wire::Notification& notification);

  private:
    const Catalog& catalog_;
    run::Loop& loop_;
    // Actions that gather sources, or wait for their turn, by the collection of the sources.
    std::map<std::pair<std::string, wire::Notification>, run::Timer> waiting_;
};

}  // namespace evenkeel::agent
