#pragma once

#include "core/base/result.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class Edit;
}

namespace evenkeel::plans {

struct Trial;

// Of what would be let go now that is held: makes it the one plan of author `system` that is
// pending, unless it is already. Others are stale; without a difference there is none. [lane]
Result<void> keep_held_plan(state::Edit& edit, const secrets::Protector& protector,
                            const Trial& trial);

}  // namespace evenkeel::plans
