#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>

struct inotify_event;

namespace evenkeel::posix {

// inotify(7) on a watch's reactor, from construction to destruction. [reactor], but may be
// constructed elsewhere.
class Inotify {
  public:
    // Throws EK_E_UNAVAILABLE when the system has no inotify instance left.
    explicit Inotify(const sdk::WatchHost& host);
    // Removes the descriptor and the timer from the reactor.
    ~Inotify();
    Inotify(const Inotify&) = delete;
    Inotify& operator=(const Inotify&) = delete;

    int fd() const { return fd_.get(); }

    // Watches `path` for the IN_ events of `mask`; -1 when it is not there. Throws EK_E_UNAVAILABLE
    // when no watch is left or it cannot be watched otherwise.
    int add(const std::string& path, std::uint32_t mask);

    // Handles the events so far, in order; `name` is empty for the watched path itself. Leaves the
    // rest of very many for the next wake-up, so that other watches get their turn.
    using OnEvent = std::function<void(const inotify_event& event, std::string_view name)>;
    void drain(const OnEvent& on_event);

  private:
    sdk::WatchHost host_;
    sdk::Fd fd_;
};

}  // namespace evenkeel::posix
