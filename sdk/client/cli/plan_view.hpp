#pragma once

#include <cstddef>
#include <vector>

#include "sdk/client/cli/change.hpp"

namespace evenkeel::cli {

// Shows what became of the changes, or would: a table with the diffs of text below it, or the
// commands as data.
void print_changes(const Session& session, const std::vector<HostResult>& results,
                   const ChangeOptions& options);

// Of a plan.
std::size_t count_changes(const client::Command& command);
std::size_t count_actions(const client::Command& command);

}  // namespace evenkeel::cli
