#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace evenkeel::link {

// Says when enough handshakes are under way, so that those who are connected are served between
// them. A handshake counts until it has ended, or for `patience`: so peers that connect and say
// nothing slow the others down, but do not stop them. Ids rise. Not thread-safe. O(log most).
class HandshakeLimit {
  public:
    using Id = std::uint64_t;
    using Clock = std::chrono::steady_clock;

    HandshakeLimit(std::size_t most, std::chrono::milliseconds patience)
        : most_(most), patience_(patience) {}

    void begin(Id id, Clock::time_point now) { begun_.emplace_hint(begun_.end(), id, now); }
    // Admitted, refused or gone; without effect when it does not count any more.
    void end(Id id) { begun_.erase(id); }
    bool is_reached(Clock::time_point now) {
        while (!begun_.empty() && begun_.begin()->second + patience_ <= now) {
            begun_.erase(begun_.begin());
        }
        return begun_.size() >= most_;
    }

  private:
    const std::size_t most_;
    const std::chrono::milliseconds patience_;
    std::map<Id, Clock::time_point> begun_;  // in the order of time, because ids rise
};

}  // namespace evenkeel::link
