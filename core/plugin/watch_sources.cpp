#include "core/plugin/watch_sources.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/plugin/reactor.hpp"

namespace evenkeel::plugin {
namespace {

// A timer that is set to the next moment is no different from one in the past.
constexpr std::uint64_t kMomentNs = 1'000'000;

Fd make_timer() {
    return Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

bool has_rung(const Fd& timer) {
    std::uint64_t times = 0;  // none: it was set anew meanwhile
    return ::read(timer.get(), &times, sizeof(times)) == sizeof(times);
}

std::uint64_t after(std::chrono::milliseconds pause) {
    return now_monotonic_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(pause).count());
}

std::string name_of(int fd) {
    return fd < 0 ? "its timer, which is set to the past again and again,"
                  : "its descriptor " + std::to_string(fd) + ", which stays ready,";
}

}  // namespace

Result<void> WatchSources::start(Owner owner) {
    owner_ = std::move(owner);
    timer_ = make_timer();
    if (!timer_) return fail(system_error(errno, "cannot make a timer for a watch"));
    return reactor_.add(key_, timer_.get(), POLLIN, [this, alive = owner_.alive](std::uint32_t) {
        if (const auto kept = alive.lock()) on_timer();
    });
}

Result<void> WatchSources::add(int fd, std::uint32_t events) {
    return reactor_.add(key_, fd, events,
                        [this, fd, alive = owner_.alive](std::uint32_t ready_for) {
                            if (const auto kept = alive.lock()) on_ready(fd, ready_for);
                        });
}

Result<void> WatchSources::poll(int fd, std::uint32_t events) {
    const std::scoped_lock lock(mutex_);
    if (events == 0) {
        polled_.erase(fd);
        reactor_.remove(key_, fd);
        return {};
    }
    EK_CHECK(add(fd, events));
    Polled& polled = polled_[fd];
    polled.events = events;
    polled.waits = false;
    return {};
}

Result<void> WatchSources::set_timer(std::uint64_t at_ns) {
    const std::scoped_lock lock(mutex_);
    timer_at_ns_ = at_ns;
    return arm(timer_, at_ns);
}

Result<void> WatchSources::arm(const Fd& timer, std::uint64_t at_ns) const {
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(at_ns / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(at_ns % 1'000'000'000);
    if (::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0) return {};
    return fail(system_error(errno, "cannot set a timer"));
}

void WatchSources::open() {
    bool rang = false;
    {
        const std::scoped_lock lock(mutex_);
        is_open_ = true;
        rang = std::exchange(rang_, false);
    }
    on_pause();
    if (rang) owner_.ready(-1, 0);
}

void WatchSources::on_pause() {
    if (pause_) has_rung(pause_);
    const std::scoped_lock lock(mutex_);
    for (auto& [fd, polled] : polled_) {
        if (!std::exchange(polled.waits, false)) continue;
        if (const auto added = add(fd, polled.events); !added)
            log::warning("a watch's descriptor is lost",
                         {{"plugin", owner_.plugin}, {"why", added.error().what}});
    }
}

void WatchSources::on_ready(int fd, std::uint32_t events) {
    {
        const std::scoped_lock lock(mutex_);
        const auto found = polled_.find(fd);
        if (found == polled_.end()) return;
        if (!is_open_) {
            found->second.waits = true;
            return reactor_.remove(key_, fd);
        }
    }
    if (!owner_.ready(fd, events)) return;
    SpinGuard::Advice advice = SpinGuard::Advice::go_on;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = polled_.find(fd);
        if (found == polled_.end()) return;
        Polled& polled = found->second;
        advice = polled.guard.called(is_as_ready(fd, polled));
        if (advice == SpinGuard::Advice::pause) {
            polled.waits = true;
            reactor_.remove(key_, fd);
            slow_down(fd, polled.guard);
        }
    }
    if (advice == SpinGuard::Advice::give_up)
        owner_.give_up(name_of(fd) + " was never drained by watch_ready");
}

bool WatchSources::is_as_ready(int fd, Polled& polled) const {
    pollfd now{fd, static_cast<short>(polled.events), 0};
    if (::poll(&now, 1, 0) != 1) return false;
    int unread = 0;  // where the kernel cannot tell: none less
    const bool tells = ::ioctl(fd, FIONREAD, &unread) == 0;
    return std::exchange(polled.unread, unread) <= unread || !tells;
}

// The end of the pause is that of all which wait.
void WatchSources::slow_down(int fd, SpinGuard& guard) {
    name(fd);
    if (!pause_) {
        pause_ = make_timer();
        if (pause_)
            static_cast<void>(reactor_.add(key_, pause_.get(), POLLIN,
                                           [this, alive = owner_.alive](std::uint32_t) {
                                               if (const auto kept = alive.lock()) on_pause();
                                           }));
    }
    if (pause_) static_cast<void>(arm(pause_, after(guard.pause())));
}

void WatchSources::name(int fd) {
    if (std::exchange(is_named_, true)) return;
    log::warning("a watch is slowed down: " + name_of(fd) + " keeps all watches busy",
                 {{"plugin", owner_.plugin}, {"calls", std::to_string(SpinGuard::kFree)}});
}

void WatchSources::on_timer() {
    if (!has_rung(timer_)) return;
    {
        const std::scoped_lock lock(mutex_);
        timer_at_ns_ = 0;
        if (!is_open_) {
            rang_ = true;
            return;
        }
    }
    if (!owner_.ready(-1, 0)) return;
    SpinGuard::Advice advice = SpinGuard::Advice::go_on;
    {
        const std::scoped_lock lock(mutex_);
        const bool is_past = timer_at_ns_ != 0 && timer_at_ns_ <= now_monotonic_ns() + kMomentNs;
        advice = timer_guard_.called(is_past);
        if (advice == SpinGuard::Advice::pause) {
            name(-1);
            static_cast<void>(arm(timer_, after(timer_guard_.pause())));
        }
    }
    if (advice == SpinGuard::Advice::give_up)
        owner_.give_up(name_of(-1) + " leaves no time for others");
}

}  // namespace evenkeel::plugin
