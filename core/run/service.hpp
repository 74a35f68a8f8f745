#pragma once

#include <chrono>
#include <string_view>

#include "core/base/result.hpp"
#include "core/run/loop.hpp"

// What a service owes to the one who started it. Without systemd every call here does nothing.
namespace evenkeel::run {

// READY=1, and STOPPING=1 at the begin of a shutdown. [any]
void notify_ready();
void notify_stopping();
// The one line that `systemctl status` shows. [any]
void notify_status(std::string_view status);

// Tells systemd's watchdog from a timer of the loop, at half of the interval that the unit asks
// for, that the loop still turns. Lives beside the loop and ends before it. [loop]
class Watchdog {
  public:
    explicit Watchdog(Loop& loop);

  private:
    void tell();

    Loop& loop_;
    std::chrono::microseconds interval_{0};
    Timer timer_;
};

// For --ready-fd: writes `line` and a newline to the descriptor `fd` and closes it. [any]
Result<void> write_ready(int fd, std::string_view line);

}  // namespace evenkeel::run
