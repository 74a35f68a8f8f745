#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/client/cli/change.hpp"

namespace evenkeel::cli {

// Shows what became of the changes, or would: a table with the diffs of text below it, or the
// commands as data.
void print_changes(const Session& session, const std::vector<HostResult>& results,
                   const ChangeOptions& options);

// The lines of a unified diff, safe for a terminal, each behind the margin.
std::string shown_diff(std::string_view diff, bool colour, const std::string& margin = "");

// "1 change", "2 changes".
std::string counted(std::size_t count, const std::string& thing);

// What a plan says of all its resources together.
struct PlanSummary {
    std::size_t changes = 0;  // fields, each from before to after
    std::size_t actions = 0;
    std::size_t untold = 0;   // resources that an earlier change decides about
    std::size_t failed = 0;   // resources that cannot be so
    std::size_t skipped = 0;  // resources that are not planned
    bool changes_nothing() const { return changes + actions + untold == 0; }
};
PlanSummary summary_of(const client::Command& command);
// "2 changes would be made, 1 action run".
std::string words_of(const PlanSummary& summary);

}  // namespace evenkeel::cli
