#pragma once

#include <string>

#include "core/base/result.hpp"
#include "orchestrator/compile/objects.hpp"
#include "orchestrator/compile/settings.hpp"

namespace evenkeel::secrets {
class Protector;
}

// Settings as the store keeps them: the value of a secret one sealed for its place.
namespace evenkeel::model {

json::Value to_stored(const compile::Place& place, const compile::Setting& setting,
                      const secrets::Protector& protector);
// `corrupt` when it was not sealed here for this place.
Result<compile::Setting> from_stored(const compile::Place& place, const json::Value& body,
                                     const secrets::Protector& protector);

}  // namespace evenkeel::model
