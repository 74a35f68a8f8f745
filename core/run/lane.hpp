#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"

namespace evenkeel::run {

// One thread for calls that block, started by the first task; tasks run in the order of submit().
// A task that hangs is left behind by abandon(); one that throws is a bug: the process aborts.
class Lane {
  public:
    struct Options {
        std::string name = "lane";           // of the thread; 15 bytes of it are seen
        std::size_t queue_depth_max = 1000;  // tasks waiting, the running one not counted
    };

    explicit Lane(Options options);
    // Like stop() with 5 seconds.
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // `busy` when the queue is full, `unavailable` after stop() or abandon(). [any]
    Result<void> submit(std::function<void()> task);

    // Nothing waits and nothing runs. [any]
    bool idle() const;
    // Tasks that wait. [any]
    std::size_t depth() const;
    // By now_monotonic_ns(), when the running task began; 0 when none runs. [any]
    std::uint64_t running_since_ns() const;

    // Drops the waiting tasks and detaches the thread, which ends if the running task ever returns.
    // That task must own all it touches afterwards (see Loop::poster). [any]
    void abandon();
    bool abandoned() const;

    // Refuses new tasks, runs those that wait, ends the thread. When the deadline passes first, or
    // in one of its own tasks, the lane is abandoned and the answer is false. [any]
    bool stop(std::chrono::milliseconds deadline);

  private:
    struct Shared;
    // Shared with the thread, which may have to be left behind.
    std::shared_ptr<Shared> shared_;
};

}  // namespace evenkeel::run
