#include "plugins/services/id.hpp"

#include <cstddef>
#include <string>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/write.hpp>

namespace evenkeel::services {

namespace {

constexpr std::string_view kSuffix = ".service";
// systemd's limit for a whole name, without the suffix.
constexpr std::size_t kIdMax = 255 - kSuffix.size();

bool is_allowed(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') ||
           std::string_view(":_.\\-").find(letter) != std::string_view::npos;
}

}  // namespace

void require_id(std::string_view id) {
    const std::string name(id);
    if (name.ends_with(kSuffix))
        throw sdk::Failure(EK_E_INVALID, "the id of the service " + name + " is \"" +
                                             name.substr(0, name.size() - kSuffix.size()) + "\"");
    const std::size_t at = id.find('@');
    if (at != id.npos && at + 1 == id.size())
        throw sdk::Failure(EK_E_INVALID, name + " is a template and needs an instance")
            .hint("for example " + name + "one");
    bool good = !id.empty() && at != 0 && id.size() <= kIdMax;
    for (std::size_t i = 0; i < id.size(); ++i)
        good = good && (is_allowed(id[i]) || (id[i] == '@' && i >= at));
    if (!good)
        throw sdk::Failure(EK_E_INVALID, sdk::quote(name) + " is no name of a service")
            .hint("letters, digits and :_.\\-@, at most 247 in all");
}

}  // namespace evenkeel::services
