#pragma once

#include <chrono>
#include <string_view>

#include "core/base/result.hpp"
#include "core/run/loop.hpp"

// The service manager's protocol (sd_notify). Without systemd every notification does nothing.
namespace evenkeel::run {

// READY=1, and STOPPING=1 when a shutdown begins. [any]
void notify_ready();
void notify_stopping();
// The one line that `systemctl status` shows. [any]
void notify_status(std::string_view status);

// Pings systemd's watchdog from a timer of the loop, at half of the unit's WatchdogSec: a loop that
// hangs gets the service restarted. Must be destroyed before the loop. [loop]
class Watchdog {
  public:
    explicit Watchdog(Loop& loop);

  private:
    void ping();

    Loop& loop_;
    std::chrono::microseconds interval_{0};
    Timer timer_;
};

// For --ready-fd: writes `line` and a newline to the descriptor `fd` and closes it. [any]
Result<void> write_ready(int fd, std::string_view line);

}  // namespace evenkeel::run
