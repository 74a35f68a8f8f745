#pragma once

#include <string>
#include <string_view>

namespace evenkeel::programs {

// What a secret is known again by and cannot be read from: a SHA-256 with a random salt.
std::string mark_of(std::string_view secret);
bool is_mark_of(std::string_view mark, std::string_view secret);

}  // namespace evenkeel::programs
