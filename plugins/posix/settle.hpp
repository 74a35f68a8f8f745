#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::posix {

// What an event says about a file.
enum class Touch {
    settled,   // complete: closed after a write, renamed here, attributes changed
    created,   // a new file, which its creator most likely still has open
    writing,   // written to and not closed yet
    vanished,  // removed or renamed away: often the first half of a replacement
};

// Decides when a touched id is to be checked, so that none is checked in the middle of a change: at
// once when settled, 50 ms after it was created or vanished, 1 s after an unclosed write began.
class Settle {
  public:
    void touch(const std::string& id, Touch touch, std::uint64_t now_ns);
    void forget(const std::string& id);

    // The ids that have become unsettled since the last call, each once. One that is written to for
    // longer than a second is not reported again: its writer may never close it.
    std::vector<std::string> take_unsettled();
    // The ids that are due, each once; they are no longer pending then.
    std::vector<std::string> take_due(std::uint64_t now_ns);
    // When the next one is due, by CLOCK_MONOTONIC; 0: none is pending.
    std::uint64_t next_ns() const;

  private:
    struct Pending {
        Touch touch;
        std::uint64_t at_ns;
    };
    std::set<std::string> ready_;
    std::set<std::string> unsettled_;    // and not yet taken
    std::set<std::string> long_writes_;  // not closed for longer than a second
    std::map<std::string, Pending> pending_;
};

}  // namespace evenkeel::posix
