#pragma once

#include <optional>
#include <string>

#include <evenkeel/cpp/call.hpp>

#include "plugins/programs/program.hpp"

namespace evenkeel::programs {

// Why the program has to be run, in words; nothing: it need not. All guards have to want it; one
// without guards has to be run until it is `done`. Throws where a guard cannot be asked.
std::optional<std::string> why_due(const sdk::Call& call, const Program& program, bool done);

}  // namespace evenkeel::programs
