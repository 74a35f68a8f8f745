#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel {

// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);
// `invalid` unless an even count of hex digits, either case.
Result<std::string> from_hex(std::string_view text);

// RFC 4648 section 4, padded.
std::string to_base64(std::string_view bytes);
// `invalid` on anything but canonical padded base64.
Result<std::string> from_base64(std::string_view text);

// RFC 3986: everything outside the unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);
// `invalid` on a broken %XX.
Result<std::string> percent_decode(std::string_view text);

bool is_utf8(std::string_view text);
// The text with U+FFFD in place of each byte that is not UTF-8.
std::string to_utf8(std::string_view text);

// The text with control characters, line ends, bidirectional overrides and broken UTF-8 replaced by
// visible escapes (\n, \x1b, \u202e): safe for a log line or a terminal.
std::string printable(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);

// A decimal number and nothing else; `invalid` otherwise or past 64 bits.
Result<std::uint64_t> parse_number(std::string_view text);

// The candidate that `word` was most likely meant to be, or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "a", "a and b", "a, b and c".
std::string listed_in_words(const std::vector<std::string>& words, std::string_view last = "and");

}  // namespace evenkeel
