#pragma once

#include "plugins/services/systemd/unit.hpp"

namespace evenkeel::services {

// A loaded unit in this state.
inline Unit unit(const std::string& active, const std::string& sub, const std::string& file_state) {
    Unit made;
    made.name = "x.service";
    made.load_state = "loaded";
    made.active_state = active;
    made.sub_state = sub;
    made.file_state = file_state;
    made.result = "success";
    return made;
}

}  // namespace evenkeel::services
