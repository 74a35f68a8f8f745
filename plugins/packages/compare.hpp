#pragma once

#include <string_view>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// The fields in which a state is not as described, told as changes. Pure. Throws EK_E_STALE
// where `latest` was asked for and the state has nothing recent to judge it by.
void compare(const sdk::Call& call, std::string_view desired, std::string_view actual);

}  // namespace evenkeel::packages
