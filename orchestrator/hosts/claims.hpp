#pragma once

#include <string>
#include <string_view>

#include "core/json/json.hpp"

// What machines say of themselves before anybody trusts them. [any]
namespace evenkeel::hosts {

inline constexpr std::size_t kFactsBytesMost = 16 * 1024;

// The facts as administrators may see them: objects, texts, numbers and truth values, at most four
// levels deep, names of [A-Za-z0-9._-], texts printable and at most 256 bytes. What does not fit is
// left out; too much altogether leaves nothing.
json::Value tidy_facts(const json::Value& claimed);
// Printable and at most `most` bytes.
std::string tidy_text(std::string_view claimed, std::size_t most = 128);

}  // namespace evenkeel::hosts
