#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plugins/services/heard.hpp"

namespace evenkeel::services {

// When each service that something was heard about is worth a look, so that nobody is judged in the
// middle of his work. The last word about a unit's state counts: one that is down is looked at 5 ms
// later, since it may be on its way up again by itself; one in transit after 1 s, counted from its
// begin. Unit files are looked at 50 ms after the last change: they come in several steps.
class Due {
  public:
    void state(const std::string& id, Phase phase, std::uint64_t now_ns);
    void files(const std::string& id, std::uint64_t now_ns);
    void forget(const std::string& id);

    // The ids whose time has come, each once; they are forgotten with that.
    std::vector<std::string> take(std::uint64_t now_ns);
    // When take() will have the next one, by CLOCK_MONOTONIC; 0: nothing waits.
    std::uint64_t next_ns() const;

  private:
    struct Pending {
        Phase phase;
        std::uint64_t at_ns;
    };
    std::map<std::string, Pending> states_;
    std::map<std::string, std::uint64_t> files_;
};

}  // namespace evenkeel::services
