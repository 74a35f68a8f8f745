#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::state {
class View;
}

// Which names hosts may have, and who has them. A retired host keeps its name for kNameKept, so
// that no other machine is taken for it, or until it is released (hosts::release_name). Whoever
// wants a name asks here; nothing removes old ones. `now_ms` is always of SteadyClock. [any]
namespace evenkeel::hosts {

inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::chrono::hours kNameKept{30 * 24};

// Letters, digits, '.', '-' and '_', beginning with a letter or digit; not spelled like an id.
bool is_name(std::string_view text);
// The claimed name without the characters that is_name() forbids; "host" when none are left.
std::string tidy_name(std::string_view claimed);

// The host that keeps this name from others. O(1)
Result<std::optional<state::Host>> keeper_of(const state::View& view, std::string_view name,
                                             std::int64_t now_ms);
// `conflict` when another host has the name or keeps it: it says which, until when, and how to
// release it. O(1)
Result<void> require_free(const state::View& view, std::string_view name, std::int64_t now_ms);
// The tidied name, with "-2", "-3", ... behind it when others keep it. The machine whose retired
// host had this key is no other: it has its name again. O(names that are kept)
Result<std::string> free_name(const state::View& view, std::string_view claimed,
                              std::int64_t now_ms, std::string_view key_sha256 = "");

}  // namespace evenkeel::hosts
