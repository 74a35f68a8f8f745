#pragma once

#include <string_view>

namespace evenkeel::services {

// Throws EK_E_INVALID for what is no id of a service, naming the right one where that can be known.
void require_id(std::string_view id);

}  // namespace evenkeel::services
