#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "orchestrator/model/model.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class View;
}

namespace evenkeel::plans {

// For each assignment among the writes that is enabled, a text of what it uses of the model that
// they made, whether or not a host fits it yet: the application's version and all settings that its
// templates can look up where it reaches, also by links. Another text with any other value; values
// are keyed codes. O(settings) if there is such an assignment. [any]
Result<std::vector<std::string>> uses_of_assignments(const state::View& view,
                                                     const secrets::Protector& protector,
                                                     const model::Model& after,
                                                     const std::vector<model::ObjectWrite>& writes);

}  // namespace evenkeel::plans
