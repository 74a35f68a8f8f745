#pragma once

#include <atomic>

namespace evenkeel::client {

// Ends the calls of the Clients that were given it, for good. Owns one descriptor.
class Cancel {
  public:
    Cancel();  // throws std::system_error when no descriptor is left
    ~Cancel();
    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;

    void cancel() noexcept;  // [any], also from a signal handler
    bool cancelled() const noexcept { return cancelled_.load(); }
    int fd() const noexcept { return fd_; }  // readable once cancelled

  private:
    std::atomic<bool> cancelled_ = false;
    int fd_ = -1;
};

}  // namespace evenkeel::client
