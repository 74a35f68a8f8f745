#pragma once

#include <cstddef>

// Limits of one command, in bytes of JSON and in resources, so that its message stays below the
// bus's limit. A live dry run is cut in the same way.
namespace evenkeel::commands {

inline constexpr std::size_t kCommandBytesMost = 640 * 1024;
inline constexpr std::size_t kCommandEntriesMost = 2'000;

}  // namespace evenkeel::commands
