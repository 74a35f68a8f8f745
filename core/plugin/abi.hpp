#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

// What a record or table had at least in ABI 1.0, up to its last field of then; a later plugin's is
// larger.
template <typename T>
inline constexpr std::size_t kFirstSize = 0;
#define EVENKEEL_FIRST_SIZE(T, last) \
    template <>                      \
    inline constexpr std::size_t kFirstSize<T> = offsetof(T, last) + sizeof(T::last);
EVENKEEL_FIRST_SIZE(ek_diag, status)
EVENKEEL_FIRST_SIZE(ek_change, flags)
EVENKEEL_FIRST_SIZE(ek_item, error)
EVENKEEL_FIRST_SIZE(ek_state, json)
EVENKEEL_FIRST_SIZE(ek_progress, message)
EVENKEEL_FIRST_SIZE(ek_output, bytes)
EVENKEEL_FIRST_SIZE(ek_subject, id)
EVENKEEL_FIRST_SIZE(ek_hint, id)
EVENKEEL_FIRST_SIZE(ek_collection, extension)
EVENKEEL_FIRST_SIZE(ek_module, close)
#undef EVENKEEL_FIRST_SIZE
// Whether it is there and has that.
template <typename T>
bool is_whole(const T* given) {
    return given != nullptr && given->size >= kFirstSize<T>;
}

// What an EK_SEV_ of a later minor of the ABI counts as.
std::int32_t severity_of(std::int32_t severity);
// `internal` for a status that is not in the list, and for EK_E_PARTIAL, which is no cause.
Errc errc_of(ek_status status);
bool is_status(ek_status status);

// The names of these EK_CAP_, those that are known.
std::vector<std::string> capability_names(std::uint64_t caps);

// The error for a plugin that breaks a rule of the ABI: the message says that the plugin is at
// fault.
Error misbehaviour(std::string_view plugin, std::string_view rule);

}  // namespace evenkeel::plugin
