#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::tool {

// Runs a program of PATH by its argument vector, no shell, and waits for it. What it printed on
// standard output; `internal`, with what it said, when it does not end with 0.
Result<std::string> run_program(const std::vector<std::string>& arguments);

}  // namespace evenkeel::tool
