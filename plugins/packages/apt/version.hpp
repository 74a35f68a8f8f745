#pragma once

#include <string_view>

namespace evenkeel::packages {

// Debian's order of versions (deb-version(7)): below, at or above 0 as `a` is older than, the same
// as or newer than `b`. Pure.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace evenkeel::packages
