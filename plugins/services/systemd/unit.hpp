#pragma once

#include <cstdint>
#include <string>

#include "plugins/services/backend.hpp"

namespace evenkeel::services {

// A unit as systemd reports it, in its own words.
struct Unit {
    std::string name;  // its own, also when it was queried by an alias
    std::string description;
    std::string load_state;
    std::string active_state;
    std::string sub_state;
    std::uint32_t job = 0;  // 0: none is under way
    std::string job_type;
    std::string path;        // of the D-Bus object
    std::string file_state;  // empty: there is no unit file
    std::string result;
};

// systemd reports a unit for any name. It is there while there is a unit file or a mask, or it
// runs; that one is still loaded whose file is gone does not count, since it ends with the next
// reload.
bool exists(const Unit& unit);

// Runs, or is being started. While a job is under way the unit counts as what the job makes of it:
// one that is being restarted runs.
bool is_running(const Unit& unit);
bool is_enabled(const Unit& unit);
bool is_masked(const Unit& unit);

// The unit as a service. It has no description where there is nothing to set: a unit without an
// [Install] section runs when others require it, a transient one ends by itself.
Service service_of(const Unit& unit);

}  // namespace evenkeel::services
