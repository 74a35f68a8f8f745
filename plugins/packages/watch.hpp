#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/packages/backend.hpp"
#include "plugins/packages/lock.hpp"
#include "plugins/posix/inotify.hpp"

namespace evenkeel::packages {

// What a watch of a package manager looks at.
struct Watched {
    struct Folder {
        std::string path;
        std::vector<std::string> locks;  // files that are open for as long as somebody is at work
        std::vector<std::string> files;  // which are worth a look when written or renamed to
        bool needed = true;              // false: it may be missing
    };
    std::vector<Folder> folders;
    AtWork at_work;
    // All that is to be known of one package, as text to tell whether it has changed; "" if it is
    // not there. Writes nothing in the folders, and opens none of the locks anew.
    std::function<std::string(const std::string& id)> look;
};

// Hints at described packages that have changed once whoever changed them has finished; from when
// he takes a lock until then, none of them is settled. [reactor]
class DatabaseWatch : public Watcher {
  public:
    // Throws EK_E_UNAVAILABLE when the system has no inotify instance or watch left.
    DatabaseWatch(const sdk::WatchHost& host, Watched watched);

    void interest(std::string_view id, bool on) override;
    void ready(int fd, std::uint32_t revents) override;

  private:
    void watch_locks();
    void drain();
    void on_event(int watch, std::uint32_t mask, const std::string& name);
    void tell();

    sdk::WatchHost host_;
    Watched watched_;
    posix::Inotify inotify_;
    std::map<int, Watched::Folder> by_watch_;
    std::set<int> locks_;  // watches of lock files
    std::map<std::string, std::string> known_;
    bool touched_ = false;    // something came that is worth a look
    bool opened_ = false;     // somebody has opened a lock, and may be about to take it
    bool unsettled_ = false;  // told so of all
};

}  // namespace evenkeel::packages
