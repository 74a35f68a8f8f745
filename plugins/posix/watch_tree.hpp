#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "plugins/posix/settle.hpp"

struct inotify_event;

namespace evenkeel::posix {

// Which directories have to be watched so that nothing can happen to the paths of interest unseen:
// every directory on the way to each of them, also those that do not exist yet. A path's own events
// come from its parent; events further up say that a part of the way was replaced. Belongs to one
// inotify descriptor and to the reactor's thread.
class WatchTree {
  public:
    // What an event means for a path of interest.
    using Hit = std::function<void(const std::string& path, Touch touch)>;

    // Borrows the descriptor.
    explicit WatchTree(int inotify_fd) : inotify_(inotify_fd) {}

    // Begins or ends to watch a canonical path. add() throws EK_E_UNAVAILABLE when the system has
    // no watches left; the path is then not watched.
    void add(const std::string& path);
    void remove(const std::string& path);

    // Works one event in. Throws EK_E_UNAVAILABLE like add(), and the tree is of no use then.
    void on_event(const inotify_event& event, std::string_view name, const Hit& hit);
    // Watches everything anew: after events were lost, what is watched may lie elsewhere by now.
    void renew();

  private:
    struct Folder {
        int wd = -1;            // -1: does not exist
        unsigned users = 0;     // paths of interest below
        unsigned children = 0;  // paths of interest directly in it
        bool holds = false;     // watched for what happens to those
    };
    using Folders = std::map<std::string, Folder>;

    void watch(const std::string& path, Folder& folder);
    void unwatch(const std::string& path, Folder& folder);
    void renew_below(const std::string& top);
    void on_name(const std::string& path, std::uint32_t mask, const Hit& hit);
    void on_self(const std::string& path, std::uint32_t mask, const Hit& hit);
    void hit_below(const std::string& top, Touch touch, const Hit& hit);

    int inotify_;
    std::set<std::string> paths_;
    Folders folders_;  // by path, so that a directory comes before what is below it
    // Several folders share one when a symlink leads to a directory that is watched as itself.
    std::unordered_map<int, std::set<std::string>> by_wd_;
};

}  // namespace evenkeel::posix
