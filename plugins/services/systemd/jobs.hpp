#pragma once

#include <map>
#include <string>

#include "plugins/services/systemd/bus.hpp"

namespace evenkeel::services {

// Receives the results of jobs that end during its life. Create it before a job is requested or
// queried, and no end is missed. [worker]
class Jobs {
  public:
    explicit Jobs(const Bus& bus);
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    // Waits for the end of the job with this object path: "done", "failed", "timeout", ...
    std::string result_of(const std::string& job) const;
    // How many jobs of the unit have ended so far.
    int ended(const std::string& unit) const;
    void wait_for_more(const std::string& unit, int count) const;

  private:
    static int on_removed(sd_bus_message* message, void* self, sd_bus_error*);

    const Bus& bus_;
    std::map<std::string, std::string> results_;  // by the job's path
    std::map<std::string, int> ended_;            // jobs of each unit
    Pending subscribed_;  // without it systemd sends the signals of our own jobs only
    Slot slot_;
};

}  // namespace evenkeel::services
