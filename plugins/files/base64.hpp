#pragma once

#include <string>
#include <string_view>

namespace evenkeel::files {

// The bytes behind canonical, padded Base64 (RFC 4648 section 4). Throws EK_E_INVALID at `pointer`
// for anything else: two texts never stand for the same content.
std::string decode_base64(std::string_view text, const std::string& pointer);

std::string encode_base64(std::string_view bytes);

}  // namespace evenkeel::files
