#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::state {

class View;

// The outermost protected environment that the host is in or below; empty when there is none, or no
// such host. O(depth)
Result<std::string> protecting_environment(const View& view, std::string_view host);

}  // namespace evenkeel::state
