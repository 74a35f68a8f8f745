#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::validate {

// From here on this thread, and what it starts, sees the machine read-only but for what is below
// `folder`. For a plugin whose manifest says that it needs nothing of the machine: until its author
// has said otherwise, it does no harm there. A user who may not make mounts is left as he is.
Result<void> spare_machine(const std::string& folder);

}  // namespace evenkeel::validate
