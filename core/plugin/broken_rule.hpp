#pragma once

#include <string>

namespace evenkeel::plugin {

// Thrown through a function of the ABI by the host itself: the plugin's process has seen that a
// rule was broken, which cannot be seen from here.
struct BrokenRule {
    std::string rule;
};

}  // namespace evenkeel::plugin
