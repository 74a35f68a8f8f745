#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// What one package needs, found before anything is changed.
struct Planned {
    std::string id;
    std::optional<Step> step;
    std::optional<bool> hold;  // as it has to be made, or may be found not to be after the step
    sdk::Changes changes;
    Outcome failure;  // of a batch: why it cannot be, or was not, brought about
};

// For the package to be as `desired` describes it, and for it to be gone. Throws what is wrong with
// the id or the description, and EK_E_NOT_FOUND where no source has the package.
Planned plan_present(const sdk::Call& call, Backend& backend, std::string_view id,
                     std::string_view desired);
Planned plan_absent(Backend& backend, std::string_view id);

// Those of `ids` that are not on hold as they should be. All are on the machine.
void set_holds(const sdk::Call& call, Backend& backend, const std::vector<std::string>& ids,
               bool hold);

// In a dry run reports the changes. Otherwise brings them about and reports them; throws what has
// kept them from it.
void bring_about(const sdk::Call& call, Backend& backend, Planned& planned);

}  // namespace evenkeel::packages
