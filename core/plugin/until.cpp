#include "core/plugin/until.hpp"

#include <algorithm>

#include <poll.h>

#include "core/base/time.hpp"
#include "core/plugin/call.hpp"

namespace evenkeel::plugin {

Until Until::but_at_most(std::chrono::nanoseconds most) const {
    const std::uint64_t end = now_monotonic_ns() + static_cast<std::uint64_t>(most.count());
    return {at_ns == 0 ? end : std::min(end, at_ns), cancel_fd};
}

bool Until::is_over() const {
    pollfd cancel{cancel_fd, POLLIN, 0};
    return (at_ns != 0 && now_monotonic_ns() >= at_ns) || ::poll(&cancel, 1, 0) > 0;
}

int Until::left_ms() const {
    constexpr std::uint64_t kHourMs = 3'600'000;
    if (at_ns == 0) return -1;
    const std::uint64_t now = now_monotonic_ns();
    return now >= at_ns ? 0 : static_cast<int>(std::min((at_ns - now) / 1'000'000 + 1, kHourMs));
}

Until until_end_of(const Call& call) {
    return Until{0, call.cancel != nullptr ? call.cancel->fd() : -1}.but_at_most(call.timeout);
}

bool wait_for(int fd, short events, const Until& until) {
    for (;;) {
        if (until.at_ns != 0 && now_monotonic_ns() >= until.at_ns) return false;
        pollfd polled[] = {{fd, events, 0}, {until.cancel_fd, POLLIN, 0}};
        if (::poll(polled, 2, until.left_ms()) > 0) return polled[1].revents == 0;
    }
}

}  // namespace evenkeel::plugin
