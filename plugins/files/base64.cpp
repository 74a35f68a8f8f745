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

std::string encode_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = at; i < at + 3; ++i)
            bits = (bits << 8) | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
        for (std::size_t digit = 0; digit < 4; ++digit)
            text += digit <= bytes.size() - at ? kAlphabet[(bits >> (18 - 6 * digit)) & 63u] : '=';
    }
    return text;
}

}  // namespace evenkeel::files
