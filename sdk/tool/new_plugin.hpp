#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::tool {

struct NewPlugin {
    std::string name;
    std::string language = "c++";
    std::string build = "meson";
    std::string folder;  // empty: ./NAME
    std::string sdk;     // empty: share/evenkeel/sdk of the prefix that this program lies in
};

// Copies the templates into a folder that is not there yet, or empty, under the plugin's name. What
// to do next, in words. `invalid` when something is asked for that there is not.
Result<std::string> make_plugin(const NewPlugin& wanted);

}  // namespace evenkeel::tool
