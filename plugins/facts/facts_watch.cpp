#include "plugins/facts/facts_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace evenkeel::facts {

namespace {

// A second of waiting within ten: at most one hint in ten seconds.
constexpr std::string_view kTrigger = "some 1000000 10000000";

}  // namespace

FactsWatch::FactsWatch(const sdk::WatchHost& host, std::chrono::seconds pace,
                       std::atomic<bool>& has_news)
    : host_(host), pace_(pace), has_news_(has_news), inotify_(host) {}

FactsWatch::~FactsWatch() {
    close_pressure();
}

void FactsWatch::interest(std::string_view id, bool on) {
    if (id != kId || on == on_) return;
    on_ = on;
    if (on) begin();
    else end();
}

void FactsWatch::begin() {
    run_ = inotify_.add("/run", IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR);
    open_pressure();
    set_timer();
}

void FactsWatch::end() {
    if (run_ >= 0) ::inotify_rm_watch(inotify_.fd(), run_);
    run_ = -1;
    close_pressure();
    host_.timer(0);
}

void FactsWatch::ready(int fd, std::uint32_t revents) {
    if (fd == inotify_.fd()) {
        inotify_.drain([&](const inotify_event& event, std::string_view name) {
            if ((event.mask & IN_Q_OVERFLOW) != 0) return host_.missed();
            if (name == "reboot-required") tell();
        });
        return;
    }
    // The kernel takes the trigger back where its cgroup or psi itself is gone.
    if (fd >= 0 && (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) close_pressure();
    if (!on_) return;
    tell();
    if (fd < 0) set_timer();
}

// Where the kernel measures no pressure, the pace alone counts.
void FactsWatch::open_pressure() {
    pressure_ = sdk::Fd(::open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!pressure_) return;
    const std::size_t size = kTrigger.size() + 1;  // with its zero byte
    if (::write(pressure_.get(), kTrigger.data(), size) == static_cast<ssize_t>(size))
        host_.fd(pressure_.get(), POLLPRI);
    else pressure_ = sdk::Fd();
}

void FactsWatch::close_pressure() {
    if (!pressure_) return;
    try {
        host_.fd(pressure_.get(), 0);
    } catch (const sdk::Failure&) {  // it knows of none, then
    }
    pressure_ = sdk::Fd();
}

void FactsWatch::tell() const {
    has_news_ = true;
    host_.changed(kId);
}

void FactsWatch::set_timer() const {
    if (pace_.count() > 0)
        host_.timer(sdk::now_ns() +
                    static_cast<std::uint64_t>(std::chrono::nanoseconds(pace_).count()));
}

}  // namespace evenkeel::facts
