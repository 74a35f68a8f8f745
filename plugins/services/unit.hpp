#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::services {

// A unit as systemd tells it, in its own words.
struct Unit {
    std::string name;  // its own, also when it was asked for by an alias
    std::string description;
    std::string load_state;
    std::string active_state;
    std::string sub_state;
    std::string path;       // of the D-Bus object
    std::uint32_t job = 0;  // 0: none is under way
    std::string job_type;
    std::string file_state;  // empty: there is no unit file
    std::string result;
};

// Whether there is such a service at all; systemd answers for any name.
bool is_there(const Unit& unit);

// Runs, or is being started: while a job is under way it is where the job takes it, so that nobody
// is judged in the middle of his restart.
bool is_running(const Unit& unit);
bool is_enabled(const Unit& unit);
bool is_masked(const Unit& unit);

// The state as JSON.
std::string state_of(const Unit& unit);
// The description by which an apply makes it so. Nothing for a unit that is not for anybody to set:
// one without an [Install] section runs when others want it, a transient one ends by itself.
std::optional<std::string> description_of(const Unit& unit);

}  // namespace evenkeel::services
