#pragma once

#include <string>

#include "core/base/result.hpp"

// Whether strangers could put something of theirs where a program reads its orders. [any]
namespace evenkeel {

enum class TrustedOwner {
    root,      // and nobody else
    own_user,  // or the user that the program runs as
};
// Root's programs believe root alone, others their own user too.
TrustedOwner trusted_owner();

// `denied`, with the path and how to mend it, when `path`, a folder above it, or a symlink on the
// way belongs to another than the trusted owner, or can be written by others (by its group only
// when the program runs as root). A sticky folder such as /tmp may be above it. What is not there
// yet is not looked at. Costs two looks for each folder.
Result<void> require_trusted(const std::string& path, TrustedOwner owner = trusted_owner());

}  // namespace evenkeel
