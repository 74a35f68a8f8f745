#include "core/wire/capabilities.hpp"

#include <algorithm>

namespace evenkeel::wire {

bool can(const Capabilities& capabilities, std::string_view capability) {
    return capabilities.empty() ||
           std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

std::optional<WrongField> impossible_description(const Capabilities& capabilities,
                                                 const std::string& collection, bool absent,
                                                 Policy policy) {
    if (absent && !can(capabilities, "remove"))
        return WrongField{"/description/ensure", "invalid",
                          "what " + collection + " describes exists always and cannot be absent"};
    if (policy != Policy::audit && !can(capabilities, "apply"))
        return WrongField{"/policy", "invalid",
                          collection +
                              " can only be read: describe it under the policy audit, "
                              "which compares and changes nothing"};
    return std::nullopt;
}

std::optional<std::string> impossible_removal(const Capabilities& capabilities,
                                              const std::string& collection, Policy policy) {
    // Under audit only the description is dropped.
    if (policy == Policy::audit || can(capabilities, "remove")) return std::nullopt;
    return "what " + collection +
           " describes exists always and cannot be removed: forget it to drop the description";
}

}  // namespace evenkeel::wire
