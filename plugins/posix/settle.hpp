#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::posix {

// What an event says about the thing it is about.
enum class Touch {
    settled,   // the writer is done, or nobody writes: closed, renamed here, attributes changed
    created,   // a new file, whose writer has most likely just opened it
    writing,   // written to and not closed yet
    vanished,  // removed or renamed away: often half of a replacement
};

// Decides when a touched id is worth a look, so that nobody is judged in the middle of his work: at
// once when settled, 50 ms after it was created or vanished, 1 s after an unclosed write began.
class Settle {
  public:
    void touch(const std::string& id, Touch touch, std::uint64_t now_ns);
    void forget(const std::string& id);

    // The ids on which somebody has begun to work and is not done, each once. One who writes for
    // longer than a second is told no more: he may never be done.
    std::vector<std::string> begun();
    // The ids whose time has come, each once; they are forgotten with that.
    std::vector<std::string> due(std::uint64_t now_ns);
    // When due() will have the next one, by CLOCK_MONOTONIC; 0: nothing waits.
    std::uint64_t next_ns() const;

  private:
    struct Pending {
        Touch touch;
        std::uint64_t at_ns;
    };
    std::set<std::string> ready_;
    std::set<std::string> begun_;
    std::set<std::string> endless_;  // written to and not closed for longer than a second
    std::map<std::string, Pending> pending_;
};

}  // namespace evenkeel::posix
