#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plugins/services/systemd/unit_signal.hpp"

namespace evenkeel::services {

// When each service whose unit has changed is to be checked, so that none is checked in the middle
// of a change. Only the last phase of a unit counts: one that is up is checked at once; one that is
// down after 5 ms, since systemd may be about to restart it; one in transition 1 s after the
// transition began. Unit files are checked 50 ms after the last change: they change in several
// steps.
class CheckSchedule {
  public:
    void state_changed(const std::string& id, Phase phase, std::uint64_t now_ns);
    void files_changed(const std::string& id, std::uint64_t now_ns);
    void forget(const std::string& id);

    // The ids that are due, each once; they are no longer scheduled then.
    std::vector<std::string> take_due(std::uint64_t now_ns);
    // When the next one is due, by CLOCK_MONOTONIC; 0: none is scheduled.
    std::uint64_t next_ns() const;

  private:
    struct Entry {
        Phase phase;
        std::uint64_t at_ns;
    };
    std::map<std::string, Entry> states_;
    std::map<std::string, std::uint64_t> files_;
};

}  // namespace evenkeel::services
