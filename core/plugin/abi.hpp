#pragma once

#include <string>
#include <string_view>

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"

// Converts between the ABI's types and ours. [any]
namespace evenkeel::plugin {

inline ek_str borrow(std::string_view text) {
    return ek_str{text.data() != nullptr ? text.data() : "", text.size()};
}
inline constexpr ek_str kAbsent{nullptr, 0};
inline std::string copy(ek_str text) {
    return text.ptr == nullptr ? std::string() : std::string(text.ptr, text.len);
}
// At most `most` bytes; "..." at their end says that there were more, also to who looks for parts
// of secrets.
inline std::string head(ek_str text, std::size_t most) {
    constexpr std::string_view kCut = "...";
    if (text.ptr == nullptr || text.len <= most) return copy(text);
    return std::string(text.ptr, most - kCut.size()).append(kCut);
}

// `internal` for a status that is not in the list, and for EK_E_PARTIAL, which is no cause.
Errc errc_of(ek_status status);
bool is_status(ek_status status);

// The error for a plugin that breaks a rule of the ABI: the message says that the plugin is at
// fault.
Error misbehaviour(std::string_view plugin, std::string_view rule);

}  // namespace evenkeel::plugin
