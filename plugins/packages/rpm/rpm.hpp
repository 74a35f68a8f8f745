#pragma once

#include <memory>

#include "plugins/packages/backend.hpp"
#include "plugins/packages/rpm/tool.hpp"

namespace evenkeel::packages {

// Packages by rpm's database and by this tool. Throws EK_E_UNAVAILABLE without a librpm.
std::unique_ptr<Backend> make_rpm(std::unique_ptr<Tool> tool);

}  // namespace evenkeel::packages
