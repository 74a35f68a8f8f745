#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugins/files/check.hpp"
#include "plugins/posix/ownership.hpp"

namespace evenkeel::files {

// A description, parsed.
struct Desired {
    bool symlink = false;
    bool says_type = false;  // by type, content or target; else what is there keeps its type
    std::optional<std::string> content;
    std::optional<std::string> target;
    posix::Ownership ownership;
    bool sensitive = false;
    Check check;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong, also for fields that contradict
// each other: the host's schema check is not relied on.
Desired parse_desired(std::string_view description, posix::Accounts& accounts);

}  // namespace evenkeel::files
