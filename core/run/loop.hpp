#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace evenkeel::run {

// Runs a function later, on the thread that made this Post.
using Post = std::function<void(std::function<void()>)>;

// One pending call. Destroying or cancelling the handle guarantees that the call does not happen
// any more. Belongs to the loop's thread and must not outlive the Loop. [loop]
class Timer {
  public:
    Timer() = default;
    Timer(Timer&& other) noexcept = default;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer() { cancel(); }

    void cancel();
    // Whether the call is still to come.
    bool pending() const;

  private:
    friend class Loop;
    struct State;
    explicit Timer(std::shared_ptr<State> state);
    // Shared with the queued completion, which cannot be taken back once it is queued.
    std::shared_ptr<State> state_;
};

// The program's main thread: everything posted here runs one after the other, so what only the
// loop touches needs no lock. An exception that leaves a handler is a bug: it is logged and the
// process aborts.
class Loop {
  public:
    // From here on the process ignores SIGPIPE: a write to a peer that has gone fails instead. Code
    // that starts child processes restores the signal for them (POSIX_SPAWN_SETSIGDEF).
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Runs handlers on the calling thread, which becomes the loop's, until stop(). Waits when there
    // is nothing to do. May be called again after it has returned.
    void run();
    // Makes run() return after the handler that runs now. What is queued stays queued. [any]
    void stop();
    // Runs what is ready now and returns: the last step of a shutdown. Returns how many ran.
    std::size_t run_ready();
    // Runs handlers until `done` holds (looked at after each one) or `limit` has passed; returns
    // whether it holds. Steps a loop in tests.
    bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit);

    // Queues `f`; never runs it inside the call. [any]
    void post(std::function<void()> f);
    // A post() that may outlive the loop: what is posted after its end is dropped. [any]
    Post poster();

    // Calls `f` once after `delay`. [loop]
    [[nodiscard]] Timer after(std::chrono::nanoseconds delay, std::function<void()> f);
    // Calls `f` once after about `period`: at the whole multiple of it on the monotonic clock that
    // is nearest to that. What comes back in equal or multiple periods wakes the process up
    // together. [loop]
    [[nodiscard]] Timer after_about(std::chrono::nanoseconds period, std::function<void()> f);
    // How long that is at `now`: at least half a period and at most one and a half.
    static std::chrono::nanoseconds about(std::chrono::nanoseconds period,
                                          std::chrono::nanoseconds now);
    // Calls `f` with the number each time one of `signals` comes, instead of its default action.
    // [loop]
    void on_signals(const std::vector<int>& signals, std::function<void(int)> f);

    // Whether the caller is on the thread that last entered run(). [any]
    bool is_here() const;
    // For the parts that do I/O on this thread. Lives as long as the loop.
    boost::asio::io_context& context();

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace evenkeel::run
