#include "poller.hpp"

#include <algorithm>

#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/time.hpp"

namespace evenkeel::herd {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void Poller::watch(int fd, Member& member) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &member;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Poller::watch_input() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

void Poller::call_at(Member& member, std::uint64_t when_ns) {
    if (member.due_ns_ == when_ns) return;
    if (member.due_ns_ != 0) due_.erase({member.due_ns_, &member});
    member.due_ns_ = when_ns;
    if (when_ns != 0) due_.emplace(when_ns, &member);
}

void Poller::run_once(std::uint64_t most_ns, const std::function<void()>& input) {
    const std::uint64_t now_ns = now_monotonic_ns();
    std::uint64_t wait_ns = most_ns;
    if (!due_.empty()) {
        const std::uint64_t first = due_.begin()->first;
        wait_ns = std::min(wait_ns, first > now_ns ? first - now_ns : 0);
    }
    epoll_event events[256];
    const int wait_ms = static_cast<int>((wait_ns + 999'999) / 1'000'000);
    const int count = epoll_wait(epoll_.get(), events, 256, wait_ms);
    for (int i = 0; i < count; ++i) {
        auto* member = static_cast<Member*>(events[i].data.ptr);
        if (member == nullptr) {
            input();
        } else {
            member->on_ready();
        }
    }
    run_due(now_monotonic_ns());
}

void Poller::run_due(std::uint64_t now_ns) {
    while (!due_.empty() && due_.begin()->first <= now_ns) {
        Member& member = *due_.begin()->second;
        due_.erase(due_.begin());
        member.due_ns_ = 0;
        member.on_due(now_ns);
    }
}

}  // namespace evenkeel::herd
