#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::hosts {

inline constexpr std::size_t kNameBytesMax = 128;

// Letters, digits, '.', '-' and '_', beginning with a letter or digit; not spelled like an id.
bool is_name(std::string_view text);
// The claimed name without the characters that is_name() forbids; "host" when none are left.
std::string tidy_name(std::string_view claimed);
// The tidied name, with "-2", "-3", ... behind it when others have it.
Result<std::string> free_name(const state::View& view, std::string_view claimed);

}  // namespace evenkeel::hosts
