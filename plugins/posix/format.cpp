#include "plugins/posix/format.hpp"

#include <array>
#include <cstdio>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/write.hpp>

namespace evenkeel::posix {

std::string to_rfc3339(const struct timespec& time) {
    struct tm utc {};
    ::gmtime_r(&time.tv_sec, &utc);
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                  static_cast<int>(time.tv_nsec / 1'000'000 % 1000));
    return std::string(text.data(), length) + fraction.data();
}

std::string list_json(const std::vector<std::string>& texts) {
    std::string json;
    for (const std::string& text : texts) json += (json.empty() ? "" : ",") + sdk::quote(text);
    return "[" + json + "]";
}

std::string mode_text(mode_t mode) {
    std::string text;
    for (int shift = 9; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + ((mode >> shift) & 7u));
    return text;
}

mode_t mode_of(std::string_view text) {
    mode_t mode = 0;
    bool good = text.size() == 4;
    for (const char digit : text) {
        good = good && digit >= '0' && digit <= '7';
        mode = mode * 8 + static_cast<mode_t>(digit - '0');
    }
    if (good) return mode;
    throw sdk::Failure(EK_E_INVALID, "a mode is four octal digits, like \"0644\"").at("/mode");
}

}  // namespace evenkeel::posix
