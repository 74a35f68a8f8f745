#pragma once

#include <string_view>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::facts {

// Reports as changes the limits of `desired` that the state does not keep: before is what was
// measured, after the limit. Pure.
void compare(const sdk::Call& call, std::string_view desired, std::string_view actual);

}  // namespace evenkeel::facts
