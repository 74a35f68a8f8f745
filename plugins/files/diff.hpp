#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace evenkeel::files {

inline constexpr std::size_t kDiffMax = 16 * 1024;

// The unified diff from one text to the other, three lines of context, without file names. Empty
// if either is no text (not UTF-8, or with a zero byte), if they are equal, or if it would be
// longer than kDiffMax: half a diff misleads.
std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace evenkeel::files
