#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace evenkeel::plugin {

// When a process that has ended may be started again: after a pause that doubles, and not at all
// once it has ended too often. Not locked.
class Restarts {
  public:
    static constexpr unsigned kMost = 5;  // endings, within
    static constexpr std::chrono::minutes kWithin{10};
    static constexpr std::chrono::milliseconds kFirstPause{100};

    // It has ended, at this time by any clock that is not set: how long to wait before it is
    // started again; nothing when it is not to be started any more.
    std::optional<std::chrono::milliseconds> ended(std::chrono::milliseconds now) {
        while (!endings_.empty() && now - endings_.front() > kWithin) endings_.pop_front();
        endings_.push_back(now);
        if (endings_.size() >= kMost) return std::nullopt;
        return kFirstPause * (1 << (endings_.size() - 1));
    }
    // What was is forgotten.
    void forgive() { endings_.clear(); }

  private:
    std::deque<std::chrono::milliseconds> endings_;
};

}  // namespace evenkeel::plugin
