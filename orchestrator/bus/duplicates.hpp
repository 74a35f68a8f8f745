#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/wire/message.hpp"

namespace evenkeel::bus {

// A connection with the certificate of a host that has a link already: the same machine started
// anew, or a clone of it.
struct Duplicate {
    std::uint64_t connection = 0;
    wire::AgentHello hello;
    std::function<void()> admit;      // goes on with its hello
    std::int64_t since_ms = 0;        // it came, or the host's link was first heard after that
    bool has_heard_the_link = false;  // after it came
};

// The duplicates that wait, at most one for each host. If the host's link is gone that shows within
// three heartbeats, and the duplicate takes its place. If the link is heard twice more, there are
// two machines: a message may have been under way when its sender ended, or have waited here for
// us, but what comes twice, each time a while later, was sent by a process that is alive. [loop]
class Duplicates {
  public:
    explicit Duplicates(std::chrono::milliseconds heartbeat) : apart_(heartbeat / 4) {}

    // Lets it wait in place of the one that waited before, whose connection is returned if it is
    // another: it is to be closed. What counted against that one counts on when both are of the
    // same process.
    std::optional<std::uint64_t> add(const std::string& host, Duplicate duplicate);
    // The host's link was heard. Returns whether that shows the duplicate to be a clone.
    bool on_heard(const std::string& host, std::int64_t now_ms);
    bool waits(const std::string& host, std::uint64_t connection) const;

    std::optional<Duplicate> take(const std::string& host);
    // This connection has ended.
    void remove(const std::string& host, std::uint64_t connection);
    void clear() { duplicates_.clear(); }

  private:
    std::chrono::milliseconds apart_;
    std::map<std::string, Duplicate> duplicates_;  // by host
};

}  // namespace evenkeel::bus
