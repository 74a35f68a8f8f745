#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "core/base/fd.hpp"

namespace evenkeel::link::bench {

// A TCP relay for one connection at a time in front of a listener, which can stop relaying without
// closing anything: what a peer sees when the other machine loses power or a firewall forgets it.
class Proxy {
  public:
    explicit Proxy(std::uint16_t target);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    std::uint16_t port() const { return port_; }
    void freeze() { frozen_ = true; }
    void thaw() { frozen_ = false; }

  private:
    void run();
    void relay(int client, int server);

    const std::uint16_t target_;
    std::uint16_t port_ = 0;
    Fd listener_;
    std::atomic<bool> frozen_{false};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace evenkeel::link::bench
