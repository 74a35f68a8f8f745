#pragma once

#include <condition_variable>
#include <mutex>

#include "core/plugin/until.hpp"

namespace evenkeel::plugin {

class Turn;

// For what only one thread at a time may do and takes long. [any]
class Turns {
    friend class Turn;
    std::mutex mutex_;
    std::condition_variable over_;
    bool taken_ = false;
};

// One of them, from its making to its end. Unlike a lock it is waited for no longer than the
// caller has time.
class Turn {
  public:
    Turn(Turns& turns, const Until& until) : turns_(turns) {
        std::unique_lock lock(turns_.mutex_);
        while (turns_.taken_) {
            turns_.over_.wait_for(lock, kLookWhileWaiting);
            if (turns_.taken_ && until.is_over()) return;
        }
        turns_.taken_ = has_come_ = true;
    }
    ~Turn() {
        if (!has_come_) return;
        const std::lock_guard lock(turns_.mutex_);
        turns_.taken_ = false;
        turns_.over_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // False: the time was over first.
    explicit operator bool() const { return has_come_; }

  private:
    Turns& turns_;
    bool has_come_ = false;
};

}  // namespace evenkeel::plugin
