#pragma once

#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/plan.hpp"

namespace evenkeel::packages {

// Plans each of `entries`, together; in one that cannot be it leaves the failure. Entries that only
// come about without each other stay in, and are then done one by one.
std::vector<Planned> plan_batch(const sdk::Call& call, Backend& backend,
                                const std::vector<sdk::Entry>& entries);

// Brings about, by as few runs of the package manager as it takes, those without a failure, and
// leaves in each what has kept it from it. Throws where all end with it: busy, late, cancelled.
void carry_out_batch(const sdk::Call& call, Backend& backend, std::vector<Planned>& batch);

}  // namespace evenkeel::packages
