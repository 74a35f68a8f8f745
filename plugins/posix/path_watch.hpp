#pragma once

#include <cstdint>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/posix/inotify.hpp"
#include "plugins/posix/settle.hpp"
#include "plugins/posix/watch_tree.hpp"

namespace evenkeel::posix {

// The watch of a collection whose ids are paths: inotify on the host's reactor, and hints when what
// was touched has settled. Serves as a collection's Watch. [reactor]
class PathWatch {
  public:
    // Throws EK_E_UNAVAILABLE when the system has no inotify instance left.
    explicit PathWatch(const sdk::WatchHost& host);

    // `id` is a canonical path. Throws as WatchTree::add.
    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void drain();
    void report();

    sdk::WatchHost host_;
    Inotify inotify_;
    WatchTree tree_;
    Settle settle_;
};

}  // namespace evenkeel::posix
