#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>

#include "plugins/posix/inotify.hpp"

namespace evenkeel::facts {

inline constexpr std::string_view kId = "machine";  // of the only resource

// Gives a hint when the kernel tells that memory is short or that a reboot is wanted, and, since it
// tells nothing of disks and load, each `pace` (zero: never) while somebody is interested.
// `has_news` is set before each hint. [reactor]
class FactsWatch {
  public:
    FactsWatch(const sdk::WatchHost& host, std::chrono::seconds pace, std::atomic<bool>& has_news);
    ~FactsWatch();
    FactsWatch(const FactsWatch&) = delete;
    FactsWatch& operator=(const FactsWatch&) = delete;

    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void begin();
    void end();
    void open_pressure();
    void close_pressure();
    void set_timer() const;
    void tell() const;

    sdk::WatchHost host_;
    std::chrono::seconds pace_;
    std::atomic<bool>& has_news_;
    posix::Inotify inotify_;
    int run_ = -1;  // the watch of /run
    sdk::Fd pressure_;
    bool on_ = false;
};

}  // namespace evenkeel::facts
