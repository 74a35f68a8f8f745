#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/cpp/changes.hpp>

#include "plugins/services/unit.hpp"

namespace evenkeel::services {

// A description, read.
struct Wanted {
    std::optional<bool> running;
    std::optional<bool> enabled;
    std::optional<bool> masked;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, also for what contradicts
// itself.
Wanted wanted_from(std::string_view description);

// The changes from what is there to what is wanted. Throws EK_E_UNSUPPORTED for a unit that cannot
// be enabled, EK_E_CONFLICT for one that cannot be started as it is.
sdk::Changes difference(const Unit& now, const Wanted& wanted);

// The same for a service that is not there yet: a plan may come before that of its package.
sdk::Changes difference(const Wanted& wanted);

}  // namespace evenkeel::services
