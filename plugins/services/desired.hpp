#pragma once

#include <optional>
#include <string_view>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::services {

struct Service;

// A description, parsed; what is not described is empty.
struct Desired {
    std::optional<bool> running;
    std::optional<bool> enabled;
    std::optional<bool> masked;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, also for a contradiction between
// fields.
Desired parse_desired(std::string_view description);

// The changes that make `now` as desired. Throws the reason if it cannot become so:
// EK_E_UNSUPPORTED for one that cannot be enabled, EK_E_CONFLICT for one that cannot be started.
sdk::Changes difference(const Service& now, const Desired& desired);

// The same for a service that does not exist yet: its plan may come before that of its package.
sdk::Changes difference_from_nothing(const Desired& desired);

}  // namespace evenkeel::services
