#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/spin_guard.hpp"

namespace evenkeel::plugin {

class Reactor;

// The descriptors and the timer of one watch, at the reactor. One that makes the reactor spin is
// slowed, named once and given up in the end.
class WatchSources {
  public:
    struct Owner {
        std::weak_ptr<void> alive;  // kept while it is called
        std::string plugin;
        // Calls the plugin; false when the watch is over.
        std::function<bool(int fd, std::uint32_t events)> ready;
        std::function<void(const std::string& why)> give_up;
    };

    // `key` as in Reactor.
    WatchSources(Reactor& reactor, const void* key) : reactor_(reactor), key_(key) {}
    Result<void> start(Owner owner);
    // Until here nothing is passed on; what comes earlier waits. [reactor]
    void open();

    // As in ek_watch_host.
    Result<void> poll(int fd, std::uint32_t events);
    Result<void> set_timer(std::uint64_t at_ns);

  private:
    struct Polled {
        std::uint32_t events = 0;
        bool waits = false;  // not at the reactor until open() or the end of the pause
        int unread = 0;      // bytes after the last call
        SpinGuard guard;
    };

    Result<void> add(int fd, std::uint32_t events);
    void on_ready(int fd, std::uint32_t events);
    void on_timer();
    void on_pause();
    // Whether the descriptor is as ready as before the call that has just ended.
    bool is_as_ready(int fd, Polled& polled) const;
    // What to do about it, said once.
    void slow_down(int fd, SpinGuard& guard);
    void name(int fd);
    Result<void> arm(const Fd& timer, std::uint64_t at_ns) const;

    Reactor& reactor_;
    const void* const key_;
    Owner owner_;
    std::mutex mutex_;  // watch_open calls from the lane
    std::map<int, Polled> polled_;
    Fd timer_, pause_;  // pause_ is made when it is needed
    std::uint64_t timer_at_ns_ = 0;
    SpinGuard timer_guard_;
    bool is_open_ = false, rang_ = false, is_named_ = false;
};

}  // namespace evenkeel::plugin
