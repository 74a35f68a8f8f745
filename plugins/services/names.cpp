#include "plugins/services/names.hpp"

#include <cstddef>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/write.hpp>

namespace evenkeel::services {

namespace {

constexpr std::string_view kSuffix = ".service";
// systemd's limit for a whole name.
constexpr std::size_t kNameMax = 255;

bool is_allowed(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') ||
           std::string_view(":_.\\-").find(letter) != std::string_view::npos;
}

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::string unit_of(std::string_view id) {
    const std::string name(id);
    if (ends_with(id, kSuffix))
        throw sdk::Failure(EK_E_INVALID, "the id of the service " + name + " is \"" +
                                             name.substr(0, name.size() - kSuffix.size()) + "\"");
    const std::size_t at = id.find('@');
    if (at != id.npos && at + 1 == id.size())
        throw sdk::Failure(EK_E_INVALID, name + " is a template and needs an instance")
            .hint("for example " + name + "one");
    bool good = !id.empty() && at != 0 && id.size() + kSuffix.size() <= kNameMax;
    for (std::size_t i = 0; i < id.size(); ++i)
        good = good && (is_allowed(id[i]) || (id[i] == '@' && i >= at));
    if (!good)
        throw sdk::Failure(EK_E_INVALID, sdk::quote(name) + " is no name of a service")
            .hint("letters, digits and :_.\\-@, at most 247 in all");
    return name + std::string(kSuffix);
}

std::optional<std::string> id_of(std::string_view unit) {
    if (!ends_with(unit, kSuffix) || unit.size() == kSuffix.size()) return std::nullopt;
    const std::string_view id = unit.substr(0, unit.size() - kSuffix.size());
    if (id.back() == '@' || ends_with(id, kSuffix)) return std::nullopt;
    return std::string(id);
}

}  // namespace evenkeel::services
