#pragma once

#include <string>
#include <vector>

#include "plugins/posix/process.hpp"

namespace evenkeel::packages {

// A run of a package manager: in the C locale, asking no questions, and through the proxies of the
// agent's own environment. `variables` ("NAME=value") come on top.
posix::Command manager_command(std::vector<std::string> argv,
                               const std::vector<std::string>& variables = {});

}  // namespace evenkeel::packages
