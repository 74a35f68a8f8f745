#pragma once

#include <map>
#include <string>

#include "plugins/services/bus.hpp"

namespace evenkeel::services {

// Hears how jobs end, from when it is made. Made before a job is asked for or looked for, it misses
// no end. [worker]
class Jobs {
  public:
    explicit Jobs(const Bus& bus);
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    // Waits for the end of the job with this object path: "done", "failed", "timeout", ...
    std::string result_of(const std::string& job) const;
    // How many jobs of the unit have ended so far; wait until there are more than `count`.
    int ended(const std::string& unit) const;
    void wait_for_more(const std::string& unit, int count) const;

  private:
    static int on_removed(sd_bus_message* message, void* self, sd_bus_error*);

    const Bus& bus_;
    std::map<std::string, std::string> results_;  // by the job's path
    std::map<std::string, int> ended_;            // jobs of each unit
    Pending subscribed_;  // else systemd tells the ends of our own jobs only
    Slot slot_;
};

}  // namespace evenkeel::services
