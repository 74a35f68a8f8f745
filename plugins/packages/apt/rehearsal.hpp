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

}  // namespace evenkeel::packages
