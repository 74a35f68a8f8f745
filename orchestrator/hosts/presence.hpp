#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/state/host.hpp"

namespace evenkeel::hosts {

struct Heard {
    std::string host;
    std::int64_t at_ms = 0;  // by the wall clock
};

// Which host was heard when. Kept in memory, because a heartbeat is no change of the state; the
// store gets the time when the host's link goes, and now and then in between. [loop]
class Presence {
  public:
    // Three missed beats make a host offline. `started_ms`: before that nobody could be heard.
    Presence(std::chrono::milliseconds heartbeat, std::int64_t started_ms)
        : silence_max_(3 * heartbeat), started_ms_(started_ms) {}

    void heard(const std::string& host, std::int64_t now_ms);
    void set_link(const std::string& host, bool up);
    bool has_link(const std::string& host) const { return links_.contains(host); }
    // When, by the wall clock; 0 = not since the start.
    std::int64_t heard_ms(const std::string& host) const;

    // RFC 3339, the later of memory and record; empty = never.
    std::string last_seen(const state::Host& host) const;
    // When the host fell silent, once it has been so for three beats; empty while it answers, and
    // for one that never came.
    std::string offline_since(const state::Host& host, std::int64_t now_ms) const;
    std::chrono::milliseconds silence_max() const { return silence_max_; }
    // At most `most` of the hosts that were heard since they were last given out here: those whose
    // time is to be stored. O(answer)
    std::vector<Heard> take_heard(std::size_t most);

  private:
    std::int64_t last_ms(const state::Host& host) const;

    std::chrono::milliseconds silence_max_;
    std::int64_t started_ms_;
    std::map<std::string, std::int64_t> heard_;
    std::set<std::string> to_store_;  // heard since
    std::set<std::string> links_;
};

}  // namespace evenkeel::hosts
