#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "plugins/posix/settle.hpp"

struct inotify_event;

namespace evenkeel::posix {

// Watches the directories that have to be watched so that no change of the paths of interest is
// missed: all ancestors of each, also those that do not exist yet. A path's own events come from
// its parent; events further up say that an ancestor was replaced. Belongs to one inotify
// descriptor and to the reactor's thread. Of a path its own name is kept, and once for all in it
// the path of its directory.
class WatchTree {
  public:
    // Receives what an event means for a path of interest.
    using OnTouch = std::function<void(const std::string& path, Touch touch)>;

    // Borrows the descriptor.
    explicit WatchTree(int inotify_fd) : inotify_(inotify_fd) {}

    // Start and stop watching a canonical path. add() throws EK_E_UNAVAILABLE when the system has
    // no watches left; the path is then not watched.
    void add(const std::string& path);
    void remove(const std::string& path);

    // Handles one event. Throws EK_E_UNAVAILABLE like add(), and the tree is unusable then.
    void on_event(const inotify_event& event, std::string_view name, const OnTouch& on_touch);
    // Watches everything anew: after events were lost, what is watched may be elsewhere by now.
    void rewatch_all();

  private:
    struct Folder {
        int wd = -1;           // -1: does not exist
        unsigned users = 0;    // paths of interest below
        bool entries = false;  // watched for what happens to `names`
        // Of the paths of interest directly in it; that of "/" in "/" is empty.
        std::pmr::set<std::string, std::less<>> names;

        explicit Folder(std::pmr::memory_resource* pool) : names(pool) {}
    };
    using Folders = std::map<std::string, Folder>;

    bool is_of_interest(const std::string& path) const;
    void watch(const std::string& path, Folder& folder);
    void unwatch(const std::string& path, Folder& folder);
    void rewatch_below(const std::string& top);
    void on_name(const std::string& path, std::uint32_t mask, const OnTouch& on_touch);
    void on_self(const std::string& path, std::uint32_t mask, const OnTouch& on_touch);
    void touch_below(const std::string& top, Touch touch, const OnTouch& on_touch);

    int inotify_;
    // Names live long: side by side they keep no memory around them from being given back.
    std::pmr::unsynchronized_pool_resource pool_;
    Folders folders_;  // by path, so that a directory comes before what is below it
    // Several folders share one when a symlink leads to a directory that is watched as itself.
    std::unordered_map<int, std::set<std::string>> by_wd_;
};

}  // namespace evenkeel::posix
