#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// What is to be done with one package, found before anything is changed.
struct PackagePlan {
    std::string id;
    std::optional<Step> step;
    bool manual = false;       // to be marked as wanted after the step, unless it is so by then
    std::optional<bool> hold;  // to be set after that, unless it is so by then
    sdk::Changes changes;
    StepError failure;  // in a batch: why it is not possible, or why it failed
};

// What makes the package as described, and what removes it. Throw what is wrong with the id or the
// description, and EK_E_NOT_FOUND where no source has the package.
PackagePlan plan_present(const sdk::Call& call, Backend& backend, std::string_view id,
                         std::string_view description);
PackagePlan plan_absent(Backend& backend, std::string_view id);

// Marks those of `ids` that are automatic as wanted for themselves.
void set_manual(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids);

// Sets the hold of those of `ids` that do not have it so. All are installed.
void set_holds(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids,
               bool hold);

// In a dry run reports the changes. Otherwise makes them and reports them; throws why one failed.
void apply_plan(const sdk::Call& call, Backend& backend, PackagePlan& planned);

}  // namespace evenkeel::packages
