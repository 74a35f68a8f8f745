#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

namespace evenkeel::plugin {

// The thread of all plugins' watches: waits for their descriptors and runs posted tasks. One for
// the process, and as long as it, like the plugins' code: a thread for each watch would cost more
// than the watches do. Handlers have to be short; one that hangs stops all watches, and run() then
// answers `timeout`.
class Reactor {
  public:
    using Handler = std::function<void(std::uint32_t events)>;

    // The process's reactor, started with the first call. [any]
    static Result<Reactor*> shared();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // Runs `task` on the thread and waits until it has run; `timeout` when it has not by then; it
    // may still run later, so it must own all it touches. After one timeout further calls do not
    // wait at all until the thread makes progress. On the thread itself it runs at once. [any]
    Result<void> run(std::function<void()> task, std::chrono::milliseconds patience);

    // Calls `handler` while `fd` has one of the poll(2) events; replaces an earlier handler.
    // `key` identifies the owner: a number may be reused by another one. [any]
    Result<void> add(const void* key, int fd, std::uint32_t events, Handler handler);
    // No call of the handler after this, if called on the thread. [any]
    void remove(const void* key, int fd);
    void remove_all(const void* key);

  private:
    struct Entry {
        const void* key;
        int fd;
        std::shared_ptr<const Handler> handler;
    };

    Reactor(Fd epoll, Fd wake);
    void loop();
    void run_posted();
    std::uint64_t find(const void* key, int fd) const;  // 0: none

    Fd epoll_, wake_;
    std::atomic<bool> stuck_{false};
    std::mutex mutex_;                        // guards what follows
    std::map<std::uint64_t, Entry> entries_;  // by what epoll gives back
    std::uint64_t next_ = 1;
    std::vector<std::function<void()>> posted_;
    std::thread thread_;
};

}  // namespace evenkeel::plugin
