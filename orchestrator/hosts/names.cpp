#include "orchestrator/hosts/names.hpp"

#include <cctype>

#include "core/base/id.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resource.hpp"

namespace evenkeel::hosts {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool fits(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
}

}  // namespace

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > kNameBytesMax || !is_letter_or_digit(text.front())) {
        return false;
    }
    for (char c : text) {
        if (!fits(c)) return false;
    }
    return !is_id("host", text);
}

std::string tidy_name(std::string_view claimed) {
    std::string name;
    for (char c : claimed.substr(0, kNameBytesMax - 12)) {
        if (name.empty() ? is_letter_or_digit(c) : fits(c)) name.push_back(c);
    }
    return is_name(name) ? name : "host";
}

Result<std::string> free_name(const state::View& view, std::string_view claimed) {
    const std::string name = tidy_name(claimed);
    if (!EK_TRY(view.hosts().id_of(name))) return name;
    for (std::uint64_t number = 2;; ++number) {
        std::string candidate = name + "-" + std::to_string(number);
        if (!EK_TRY(view.hosts().id_of(candidate))) return candidate;
    }
}

}  // namespace evenkeel::hosts
