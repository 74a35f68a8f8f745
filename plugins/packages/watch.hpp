#pragma once

#include <cstdint>
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

// What to watch of a package manager.
struct Watched {
    struct Folder {
        std::string path;
        std::vector<std::string>
            locks;  // files that are open for as long as a package manager runs
        std::vector<std::string> files;  // whose contents change with the packages
        bool needed = true;              // false: it may be missing
    };
    std::vector<Folder> folders;
    FindLockHolder find_holder;
    // Text that differs whenever anything of the package does; "" if it is not there. Must not
    // write in the folders, nor open any of the locks.
    std::function<std::string(const std::string& id)> fingerprint;
    // How often it is said again that a run goes on: more often than once a minute, after which the
    // host would judge.
    std::uint64_t repeat_ns = 20'000'000'000;
};

// Hints at packages of interest that have changed, once the package manager that changed them has
// finished. From when one takes a lock until then, all of them are unsettled. [reactor]
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
    void report();

    sdk::WatchHost host_;
    Watched watched_;
    posix::Inotify inotify_;
    std::map<int, Watched::Folder> by_watch_;
    std::set<int> locks_;  // watches of lock files
    std::map<std::string, std::string> known_;
    bool touched_ = false;    // a file has changed
    bool opened_ = false;     // a process has opened a lock, and may be about to take it
    bool unsettled_ = false;  // reported so for all
    std::uint64_t repeat_at_ns_ = 0;
};

}  // namespace evenkeel::packages
