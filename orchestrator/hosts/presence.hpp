#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/state/host.hpp"

namespace evenkeel::hosts {

// The time of a message by both clocks: one to show, one to measure distances, because the wall
// clock may be set.
struct Arrival {
    std::int64_t wall_ms = 0;
    std::int64_t monotonic_ms = 0;

    static Arrival now();
};

struct LastSeen {
    std::string host;
    std::int64_t at_ms = 0;  // by the wall clock
};

// When the last message of each host arrived. Kept in memory, because a heartbeat does not change
// the state; the time is stored when the host's link ends, and periodically before. [loop]
class Presence {
  public:
    // Three missed heartbeats make a host offline. `started_ms`: of the monotonic clock.
    Presence(std::chrono::milliseconds heartbeat, std::int64_t started_ms)
        : silence_max_(3 * heartbeat), started_ms_(started_ms) {}

    void record_message(const std::string& host, Arrival arrival);
    void set_link(const std::string& host, bool up);
    // Calls `observer` when a link comes, and when it goes, then with the time of the monotonic
    // clock from which on the host counts as offline unless it is back.
    using LinkObserver =
        std::function<void(const std::string& host, bool up, std::int64_t offline_at_ms)>;
    void observe_links(LinkObserver observer) { observer_ = std::move(observer); }
    // When a host that has not come back since our start counts as offline.
    std::int64_t first_offline_at_ms() const { return started_ms_ + silence_max_.count(); }
    bool has_link(const std::string& host) const;
    // When, by the wall clock; 0 = not since the start.
    std::int64_t last_message_ms(const std::string& host) const;

    // RFC 3339, the later of memory and record; empty = never.
    std::string last_seen(const state::Host& host) const;
    // When its last message arrived, once three heartbeats are missed; empty while it is online,
    // and for a host that never connected. `now_ms`: of the monotonic clock.
    std::string offline_since(const state::Host& host, std::int64_t now_ms) const;
    std::chrono::milliseconds silence_max() const { return silence_max_; }
    // Removes and returns at most `most` of the hosts of which messages arrived since the last call
    // that returned them: their times are to be stored. O(answer)
    std::vector<LastSeen> take_unstored(std::size_t most);

  private:
    struct Known;
    const Known* find(const std::string& host) const;
    std::int64_t last_ms(const state::Host& host) const;
    std::int64_t offline_at_ms(const std::string& host) const;

    std::chrono::milliseconds silence_max_;
    std::int64_t started_ms_;
    struct Known {
        Arrival last_message;
        bool was_heard = false;  // since the start
        bool has_link = false;
        bool is_unstored = false;
    };
    std::unordered_map<std::string, Known> hosts_;
    std::deque<std::pair<const std::string, Known>*> unstored_;  // the time of their last message
    LinkObserver observer_;
};

}  // namespace evenkeel::hosts
