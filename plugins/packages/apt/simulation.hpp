#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::packages {

// What `apt-get --simulate` says it would do, by package names as apt writes them.
struct Simulation {
    std::vector<std::string> installed;  // anew, upgraded or downgraded
    std::vector<std::string> removed;
};

// Pure.
Simulation parse_simulation(std::string_view output);

// The packages on hold that `apt-get` says it will change, as it found them under its lock. Pure.
std::vector<std::string> parse_held(std::string_view output);

}  // namespace evenkeel::packages
