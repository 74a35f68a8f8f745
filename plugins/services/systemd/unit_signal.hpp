#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <systemd/sd-bus.h>

namespace evenkeel::services {

// The signal PropertiesChanged of a unit; empty and 0 for what it leaves out.
struct UnitSignal {
    std::string active_state;
    std::string sub_state;
    std::uint32_t job = 0;  // 0: none
};

// Nothing if the signal is not as systemd writes it.
std::optional<UnitSignal> parse_unit_signal(sd_bus_message* message);

// Where a unit without a job is.
enum class Phase { up, down, transition };

// Decides which signals of a unit are worth a check. A restart sends about 14, all but the last
// while its job is under way; the end of the job has a signal of its own.
class Transitions {
  public:
    // Nothing: the state is the same as before, or the signal for the end of the job will follow.
    std::optional<Phase> on_properties(const std::string& id, const UnitSignal& signal);
    void forget(const std::string& id) { last_.erase(id); }

  private:
    std::map<std::string, std::pair<std::string, std::string>> last_;  // active and sub state
};

}  // namespace evenkeel::services
