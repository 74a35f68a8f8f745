#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::packages {

// What `apt-get --simulate` says it would do, by package names as apt writes them.
struct Rehearsal {
    std::vector<std::string> installed;  // anew, upgraded or downgraded
    std::vector<std::string> removed;
};

// Pure.
Rehearsal parse_rehearsal(std::string_view output);

// Of what `apt-get` prints before it begins: the packages on hold that it changes, as it has found
// them under its lock. Pure.
std::vector<std::string> parse_held(std::string_view output);

}  // namespace evenkeel::packages
