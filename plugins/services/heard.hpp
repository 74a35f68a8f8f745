#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <systemd/sd-bus.h>
namespace evenkeel::services {

// What a PropertiesChanged of a unit says; empty and 0 for what it leaves out.
struct Heard {
    std::string active_state;
    std::string sub_state;
    std::uint32_t job = 0;  // 0: none
};

// Reads the signal. Nothing if it is not as systemd writes it.
std::optional<Heard> heard_from(sd_bus_message* signal);

// Where a unit without a job is.
enum class Phase { up, down, transit };

// Tells from a unit's signals when it is worth a look. A restart sends about 14, all but the last
// while its job is under way; the end of the job has a signal of its own.
class Transitions {
  public:
    // Nothing: no news, or the end of the job will tell.
    std::optional<Phase> on_properties(const std::string& id, const Heard& heard);
    void forget(const std::string& id) { last_.erase(id); }

  private:
    std::map<std::string, std::pair<std::string, std::string>> last_;  // active and sub state
};

}  // namespace evenkeel::services
