#pragma once

#include <string_view>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// Reports as changes the fields in which a state is not as described. Pure. Throws EK_E_STALE where
// the description says `latest` and the state is too old to tell what that is.
void compare(const sdk::Call& call, std::string_view desired, std::string_view actual);

}  // namespace evenkeel::packages
