#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Writing JSON needs the standard library only; reading it is json.hpp's.
namespace evenkeel::sdk {

namespace detail {

// Bytes of the well-formed UTF-8 sequence that begins at `at`; 0 if there is none.
inline std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return tail(1) ? 2 : 0;
    if (first >= 0xe0 && first < 0xf0) {
        const bool overlong = first == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = first == 0xed && byte(1) >= 0xa0;
        return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first < 0xf5) {
        const bool overlong = first == 0xf0 && byte(1) < 0x90;
        const bool beyond = first == 0xf4 && byte(1) >= 0x90;
        return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

}  // namespace detail

inline bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = detail::utf8_length(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

// The text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
inline std::string quote(std::string_view text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const std::size_t length = detail::utf8_length(text, at);
        if (byte == '"' || byte == '\\') {
            (out += '\\') += text[at++];
        } else if (byte == '\n') {
            out += "\\n", ++at;
        } else if (byte < 0x20 || byte == 0x7f) {
            ((out += "\\u00") += kDigits[byte >> 4]) += kDigits[byte & 15], ++at;
        } else if (length == 0) {
            out += "\\ufffd", ++at;
        } else {
            out += text.substr(at, length), at += length;
        }
    }
    return out += '"';
}

// A JSON object, member by member in the order given. Names are not looked at twice.
class Object {
  public:
    Object& text(std::string_view name, std::string_view value) { return raw(name, quote(value)); }
    Object& number(std::string_view name, std::int64_t value) {
        return raw(name, std::to_string(value));
    }
    Object& boolean(std::string_view name, bool value) {
        return raw(name, value ? "true" : "false");
    }
    // `json` is a JSON value already.
    Object& raw(std::string_view name, std::string_view json) {
        if (!members_.empty()) members_ += ',';
        ((members_ += quote(name)) += ':') += json;
        return *this;
    }
    std::string json() const { return "{" + members_ + "}"; }

  private:
    std::string members_;
};

}  // namespace evenkeel::sdk
