#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::state {

class View;

struct EnrolmentToken;

// The outermost protected environment that this one is or lies below; empty when there is none.
// O(depth)
Result<std::string> protecting(const View& view, std::string_view environment);
// The same of those that enrol with the token: of the host that it replaces, or of its environment.
Result<std::string> protecting(const View& view, const EnrolmentToken& token);
// The outermost protected environment that the host is in or below; empty when there is none, or no
// such host. O(depth)
Result<std::string> protecting_host(const View& view, std::string_view id);

}  // namespace evenkeel::state
