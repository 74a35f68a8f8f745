#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugins/posix/ownership.hpp"

namespace evenkeel::files {

// A description, read.
struct Wanted {
    bool symlink = false;
    std::optional<std::string> content;
    std::optional<std::string> target;
    posix::Ownership ownership;
    bool sensitive = false;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, also for fields that do not go
// together: the host's schema check is not relied on.
Wanted wanted_from(std::string_view description, posix::Accounts& accounts);

}  // namespace evenkeel::files
