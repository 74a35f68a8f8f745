#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

// What a plugin's manifest says that it needs; its process gets no more.
struct Permissions {
    std::vector<std::string> paths;  // absolute; what lies there, and below, is its to change
    std::vector<std::string> capabilities;  // "CAP_CHOWN"
    bool network = false;                   // sockets to other machines, and any but AF_UNIX
    bool spawn = false;                     // other programs

    bool declares(std::string_view capability) const {
        return std::find(capabilities.begin(), capabilities.end(), capability) !=
               capabilities.end();
    }
};

// Of a manifest's text; what it does not name is not permitted. `invalid` names what is wrong.
// [any]
Result<Permissions> permissions_of(const std::string& manifest);

}  // namespace evenkeel::plugin
