#include "plugins/packages/apt/version.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace evenkeel::packages {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A tilde is before the end, which is before letters, which are before all else.
int weight(std::string_view text) {
    if (text.empty() || is_digit(text.front())) return 0;
    if (text.front() == '~') return -1;
    if (is_letter(text.front())) return text.front();
    return 256 + static_cast<unsigned char>(text.front());
}

std::string_view take_number(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    std::string_view number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(number.size());
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
}

int compare_numbers(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
}

int compare_parts(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
            if (const int order = weight(a) - weight(b); order != 0) return order;
            if (!a.empty()) a.remove_prefix(1);
            if (!b.empty()) b.remove_prefix(1);
        }
        const std::string_view number = take_number(a);
        if (const int order = compare_numbers(number, take_number(b)); order != 0) return order;
    }
    return 0;
}

struct Parts {
    std::string_view epoch, upstream, revision;
};

Parts split(std::string_view text) {
    Parts parts;
    if (const auto colon = text.find(':'); colon != text.npos) {
        parts.epoch = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    const auto dash = text.rfind('-');
    parts.upstream = text.substr(0, dash);
    if (dash != text.npos) parts.revision = text.substr(dash + 1);
    return parts;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
    const Parts left = split(a), right = split(b);
    if (const int order = compare_parts(left.epoch, right.epoch); order != 0) return order;
    if (const int order = compare_parts(left.upstream, right.upstream); order != 0) return order;
    return compare_parts(left.revision, right.revision);
}

}  // namespace evenkeel::packages
