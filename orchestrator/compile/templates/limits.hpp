#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "orchestrator/compile/templates/fault.hpp"

// What bounds a template, so that neither a wrong one nor a hostile one costs much.
namespace evenkeel::templates {

// What may stand around the words of a tag.
inline constexpr std::string_view kBlanks = " \t\r\n";

inline constexpr std::size_t kTemplateBytesMost = 512 * 1024;
inline constexpr std::size_t kTagsMost = 10'000;
inline constexpr std::size_t kDepthMost = 32;  // of blocks inside blocks
inline constexpr std::size_t kFormatsMost = 4;
inline constexpr std::size_t kOutputBytesMost = 512 * 1024;
// A step is a tag or text that is rendered, a name that is looked up, an item of a list that is
// begun or joined, or sixteen members of an object that are compared with a name.
inline constexpr std::uint64_t kStepsMost = 1'000'000;

inline tl::unexpected<Fault> too_long(std::size_t byte) {
    return fault_at(byte, "expected at most 512 KiB of output", Errc::limit);
}

}  // namespace evenkeel::templates
