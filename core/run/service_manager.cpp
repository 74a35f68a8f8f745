#include "core/run/service_manager.hpp"

#include <cstdint>
#include <string>

#include <systemd/sd-daemon.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"

namespace evenkeel::run {

void notify_ready() {
    sd_notify(0, "READY=1");
}

void notify_stopping() {
    sd_notify(0, "STOPPING=1");
}

void notify_status(std::string_view status) {
    std::string line = "STATUS=" + std::string(status.substr(0, status.find('\n')));
    sd_notify(0, line.c_str());
}

Watchdog::Watchdog(Loop& loop) : loop_(loop) {
    std::uint64_t interval_us = 0;
    if (sd_watchdog_enabled(0, &interval_us) <= 0) return;
    interval_ = std::chrono::microseconds(interval_us / 2);
    ping();
}

void Watchdog::ping() {
    sd_notify(0, "WATCHDOG=1");
    timer_ = loop_.after(interval_, [this] { ping(); });
}

Result<void> write_ready(int fd, std::string_view line) {
    const Fd owned(fd);
    return write_all(owned.get(), std::string(line) + "\n");
}

}  // namespace evenkeel::run
