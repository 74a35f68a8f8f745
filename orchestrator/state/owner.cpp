#include "orchestrator/state/owner.hpp"

#include <utility>

namespace evenkeel::state {

json::Value encode(const std::vector<Owner>& owners) {
    json::Array all;
    for (const Owner& owner : owners) {
        all.push_back(json::Object{{"assignment", owner.assignment},
                                   {"application", owner.application},
                                   {"version", owner.version},
                                   {"on_leave", to_string(owner.on_leave)}});
    }
    return all;
}

Result<std::vector<Owner>> decode_owners(const json::Value& value) {
    std::vector<Owner> owners;
    if (!value.is_array()) return owners;
    for (const json::Value& each : value.as_array()) {
        owners.push_back(
            {.assignment = each.string_or("assignment"),
             .application = each.string_or("application"),
             .version = static_cast<std::uint32_t>(each.integer_or("version")),
             .on_leave = EK_TRY(from_string<OnLeave>(each.string_or("on_leave", "forget")))});
    }
    return owners;
}

std::string words_of(const std::vector<Owner>& owners) {
    const Owner& first = owners.front();
    const std::string more =
        owners.size() == 1 ? "" : " and " + std::to_string(owners.size() - 1) + " more";
    return "the assignment " + first.assignment + " (application " + first.application +
           ", version " + std::to_string(first.version) + ")" + more;
}

}  // namespace evenkeel::state
