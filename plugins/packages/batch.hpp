#pragma once

#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/plan.hpp"

namespace evenkeel::packages {

// Plans `entries` together, and stores the failure in each that is not possible. Entries that are
// possible only without each other stay in, and are then applied one by one.
std::vector<PackagePlan> plan_batch(const sdk::Call& call, Backend& backend,
                                    const std::vector<sdk::Entry>& entries);

// Applies those without a failure by as few runs of the package manager as it takes, and stores the
// failure in each that failed. Throws what concerns all of them: busy, timeout, cancelled.
void apply_batch(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch);

}  // namespace evenkeel::packages
