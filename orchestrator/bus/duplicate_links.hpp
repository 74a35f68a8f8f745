#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/wire/message.hpp"

namespace evenkeel::bus {

// A connection with the certificate of a host that has a link already: the same machine after
// a restart, or a clone of it.
struct Duplicate {
    std::uint64_t connection = 0;
    wire::AgentHello hello;
    std::function<void()> admit;     // continues with its hello
    std::int64_t since_ms = 0;       // monotonic: arrival, or the next message of the host's link
    bool link_message_seen = false;  // after it came
};

// The waiting duplicates, at most one for each host. If the host's link is dead, that shows within
// three heartbeats, and the duplicate replaces it. If two more messages arrive on the host's link,
// there are two machines: a single message may have been in transit, or in our queue, when its
// sender ended, but two messages some time apart can only come from a process that is alive. [loop]
class DuplicateLinks {
  public:
    explicit DuplicateLinks(std::chrono::milliseconds heartbeat) : apart_(heartbeat / 4) {}

    // Replaces the duplicate that waited for this host before. Returns that one's connection if it
    // is another: the caller closes it. When both come from the same process, the new one keeps the
    // evidence that was counted against the old one.
    std::optional<std::uint64_t> add(const std::string& host, Duplicate duplicate);
    // A message arrived on the host's link, at a time of the monotonic clock. Returns whether the
    // duplicate is thereby a clone.
    bool on_link_message(const std::string& host, std::int64_t now_ms);
    bool waits(const std::string& host, std::uint64_t connection) const;

    std::optional<Duplicate> take(const std::string& host);
    // This connection has ended.
    void remove(const std::string& host, std::uint64_t connection);
    void clear() { duplicates_.clear(); }
    bool empty() const { return duplicates_.empty(); }

  private:
    std::chrono::milliseconds apart_;
    std::map<std::string, Duplicate> duplicates_;  // by host
};

}  // namespace evenkeel::bus
