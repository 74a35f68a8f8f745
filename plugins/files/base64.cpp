#include "plugins/files/base64.hpp"

#include <cstdint>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::files {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string decode_base64(std::string_view text, const std::string& pointer) {
    const sdk::Failure wrong =
        sdk::Failure(EK_E_INVALID, "the content is not canonical Base64").at(pointer);
    if (text.size() % 4 != 0) throw wrong;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    text.remove_suffix(padding);

    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char digit : text) {
        const std::size_t value = kAlphabet.find(digit);
        if (value == kAlphabet.npos) throw wrong;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>((bits >> count) & 0xffu);
    }
    // The bits that padding leaves over must be zero.
    if ((bits & ((1u << count) - 1)) != 0) throw wrong;
    return bytes;
}

}  // namespace evenkeel::files
