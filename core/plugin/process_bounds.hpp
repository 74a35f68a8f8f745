#pragma once

#include <cstdint>

// What a plugin's process may take of the machine.
namespace evenkeel::plugin {

// Processes and threads, with those of the programs that it starts.
inline constexpr std::uint64_t kTasksMost = 512;
// Bytes of memory, of each process of it and of all together; no swap.
inline constexpr std::uint64_t kProcessMemoryMost = 512ull << 20;
inline constexpr std::uint64_t kMemoryMost = 768ull << 20;
// Time of processors in a second, in us: one processor.
inline constexpr std::uint64_t kProcessorsMostUs = 1'000'000;
// Against 100 of any service, when processors are short.
inline constexpr std::uint64_t kProcessorsWeight = 20;

}  // namespace evenkeel::plugin
