#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::services {

class Properties;

// The properties of each unit, in that order.
using UnitLookup = std::function<std::vector<Properties>(const std::vector<std::string>&)>;

// Other units that a job starts or stops, as far as the loaded units say: systemd computes them in
// the moment of the job only. One round of look-ups for each step away from the unit.
struct JobEffects {
    std::set<std::string> starts, stops;
};

// What it requires and wants and is not up is started, as far as that can be started and its
// conditions were met the last time. What conflicts with any of those is stopped, and with it what
// depends on that.
JobEffects effects_of_start(const std::string& unit, const UnitLookup& look_up);

// What requires it, is bound to it or a part of it, and is up.
JobEffects effects_of_stop(const std::string& unit, const UnitLookup& look_up);

}  // namespace evenkeel::services
