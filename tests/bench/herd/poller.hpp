#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "core/base/fd.hpp"

namespace evenkeel::herd {

// What the poller calls; one for each agent of the herd.
class Member {
  public:
    virtual ~Member() = default;
    virtual void on_ready() = 0;                    // its socket
    virtual void on_due(std::uint64_t now_ns) = 0;  // the time of its call_at() has come

  private:
    friend class Poller;
    std::uint64_t due_ns_ = 0;  // 0: none
};

// One epoll and one queue of times for thousands of members, on one thread.
class Poller {
  public:
    Poller();
    // Edge-triggered. A closed descriptor leaves by itself.
    void watch(int fd, Member& member);
    // Calls on_due() at this time, instead of the one that was set before. 0: not at all.
    void call_at(Member& member, std::uint64_t when_ns);
    // Waits until something is to be done, at most for this long, and does it. `input` is called
    // when standard input can be read.
    void run_once(std::uint64_t most_ns, const std::function<void()>& input);
    void watch_input();

  private:
    void run_due(std::uint64_t now_ns);

    Fd epoll_;
    std::set<std::pair<std::uint64_t, Member*>> due_;
};

}  // namespace evenkeel::herd
