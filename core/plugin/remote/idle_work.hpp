#pragma once

#include <chrono>
#include <cstdint>

namespace evenkeel::plugin {

// Notices a process that works though nobody has asked it to: sets the processor time that it takes
// between calls against the time that passes between them. Looks only when it is told that a call
// begins or ends, or when it is asked. Not locked.
class IdleWork {
  public:
    // On a busy machine it does not get all that it wants.
    static constexpr std::uint64_t kShare = 4;

    // Processor time between calls, and that in more than a kShare-th of the time.
    explicit IdleWork(std::chrono::nanoseconds most)
        : most_ns_(static_cast<std::uint64_t>(most.count())) {}

    // Both times in ns: by CLOCK_MONOTONIC, and what the process has used of processors so far.
    void call_begins(std::uint64_t now, std::uint64_t used) {
        if (calls_++ == 0) add(now, used);
    }
    void call_ends(std::uint64_t now, std::uint64_t used) {
        if (--calls_ == 0) begin(now, used);
    }
    // The time that it has worked, if that is too much; else, and while a call runs, 0.
    std::uint64_t excess(std::uint64_t now, std::uint64_t used) {
        if (calls_ != 0) return 0;
        add(now, used);
        begin(now, used);
        if (worked_ns_ < most_ns_) return 0;
        if (worked_ns_ * kShare > passed_ns_) return worked_ns_;
        passed_ns_ = worked_ns_ = 0;
        return 0;
    }

  private:
    void begin(std::uint64_t now, std::uint64_t used) {
        since_ns_ = now;
        used_ns_ = used;
    }
    void add(std::uint64_t now, std::uint64_t used) {
        // Nothing is known any more of one that is gone.
        if (used < used_ns_) return;
        passed_ns_ += now - since_ns_;
        worked_ns_ += used - used_ns_;
    }

    const std::uint64_t most_ns_;
    unsigned calls_ = 1;  // the first one is its start
    std::uint64_t since_ns_ = 0, used_ns_ = 0;
    std::uint64_t passed_ns_ = 0, worked_ns_ = 0;  // between calls, until now
};

}  // namespace evenkeel::plugin
