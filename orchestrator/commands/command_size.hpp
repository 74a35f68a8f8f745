#pragma once

#include <cstddef>

// Of one command, so that its message stays below the bus's limit.
namespace evenkeel::commands {

inline constexpr std::size_t kCommandBytesMost = 640 * 1024;
inline constexpr std::size_t kCommandEntriesMost = 2'000;

}  // namespace evenkeel::commands
