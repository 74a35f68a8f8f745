#include "core/agent/model/check_result.hpp"

#include <functional>
#include <string>

namespace evenkeel::agent {

std::size_t state_hash(const json::Value& state) {
    return state.is_null() ? 0 : std::hash<std::string>()(json::write_canonical(state));
}

std::optional<wire::FieldDrift> existence_drift(bool described_absent, bool is_absent) {
    if (described_absent == is_absent) return std::nullopt;
    return wire::FieldDrift{"/ensure", described_absent ? "absent" : "present",
                            is_absent ? "absent" : "present"};
}

}  // namespace evenkeel::agent
