#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/until.hpp"

namespace evenkeel::plugin {

// The thread of all plugins' watches: waits for their descriptors and runs posted tasks. One for
// the process, and as long as it, like the plugins' code: a thread for each watch would cost more
// than the watches do. Handlers have to be short. A thread that does not come back from one is left
// behind in it, with what belongs to that owner, and another thread goes on for all others: what
// waits for them in the kernel, or is posted, is not lost.
class Reactor {
  public:
    using Handler = std::function<void(std::uint32_t events)>;

    // The process's reactor, started with the first call. [any]
    static Result<Reactor*> shared();
    // Whether the caller is on the reactor's thread, where it must not take long. [any]
    static bool is_this_thread();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // Runs `task` on the thread and waits until it has run. `timeout` when it took longer than
    // `patience`, or its owner `key` has hung before, `cancelled` when `until` was over first; it
    // may still run or return later, so it must own all it touches. On the thread itself it runs
    // at once. [any]
    Result<void> run(std::function<void()> task, std::chrono::milliseconds patience,
                     const void* key = nullptr, const Until& until = {});

    // Calls `handler` while `fd` has one of the poll(2) events; replaces an earlier handler.
    // `key` identifies the owner: a number may be reused by another one. [any]
    Result<void> add(const void* key, int fd, std::uint32_t events, Handler handler);
    // No call of the handler after this, if called on the thread. [any]
    void remove(const void* key, int fd);
    void remove_all(const void* key);

    // `hung` is called once, on another thread, when the thread was left behind in a handler or
    // task of `key`: nothing of this owner is called any more. Until remove_all(). [any]
    void on_hang(const void* key, std::function<void()> hung);
    // How long a handler may take; for tests to be shorter. [any]
    void set_patience(std::chrono::milliseconds patience);
    std::chrono::milliseconds patience() const;

  private:
    struct Entry {
        const void* key;
        int fd;
        std::shared_ptr<const Handler> handler;
    };
    struct Task {
        std::function<void()> work;
        std::chrono::milliseconds patience;
        const void* key;
        enum class State { waits, has_run, left } state = State::waits;
    };
    // What the thread is in.
    struct Turn {
        std::uint64_t number = 0;
        bool running = false;
        std::chrono::milliseconds patience{};
        const void* key = nullptr;
        std::shared_ptr<Task> task;  // null in a handler
    };
    struct Owner {
        std::function<void()> on_hang;
        bool hung = false;
    };

    Reactor(Fd epoll, Fd wake);
    void start_thread();
    void loop(std::uint64_t thread);
    // These three answer false when the thread was left behind.
    bool handle(std::uint64_t thread, std::uint64_t id, std::uint32_t events);
    bool run_posted(std::uint64_t thread);
    bool end_turn(std::uint64_t thread);
    std::size_t posted() const;  // how many tasks wait
    void begin_turn(std::chrono::milliseconds patience, const void* key,
                    std::shared_ptr<Task> task);
    void guard();
    std::function<void()> leave_behind();
    bool has_hung(const void* key) const;
    std::uint64_t find(const void* key, int fd) const;  // 0: none
    void forget(const Entry& entry) const;

    Fd epoll_, wake_;
    mutable std::mutex mutex_;                // guards what follows
    std::map<std::uint64_t, Entry> entries_;  // by what epoll gives back
    std::map<const void*, Owner> owners_;
    std::uint64_t next_ = 1;
    std::list<std::shared_ptr<Task>> posted_;
    std::condition_variable task_over_;
    std::chrono::milliseconds patience_{5000};
    Turn turn_;
    bool guarded_ = false;       // guard() runs on a thread of its own
    std::uint64_t threads_ = 0;  // how many there were; the last one serves
};

}  // namespace evenkeel::plugin
