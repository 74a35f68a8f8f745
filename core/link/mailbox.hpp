#pragma once

#include <functional>
#include <mutex>
#include <vector>

struct pn_connection_t;

namespace evenkeel::link {

// Runs work of other threads on a connection's thread. A Proton connection may be woken from any
// thread, but not once it is freed, and the binding's own work queue is freed with it: so every
// wake is under a lock that close() takes.
class Mailbox {
  public:
    // [proton]
    void open(pn_connection_t* connection);
    // Must come before the connection is freed; drops what waits. [proton], or any thread once
    // Proton's has ended.
    void close();
    // Runs `work` on Proton's thread in the order given. False: it will never run. True: it runs,
    // or is dropped with the connection. [any]
    bool post(std::function<void()> work);
    // Runs what waits; to be called when the connection was woken. [proton]
    void drain();

  private:
    std::mutex mutex_;
    pn_connection_t* connection_ = nullptr;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace evenkeel::link
