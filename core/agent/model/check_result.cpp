#include "core/agent/model/check_result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace evenkeel::agent {
namespace {

std::size_t mixed(std::size_t seed, std::size_t hash) {
    return seed ^ (hash + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

std::size_t text_hash(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

// Equal for values that are equal; members count in any order. Recursion is bounded, because no
// value is nested deeper than the parser lets in.
std::size_t hash_of(const json::Value& value) {
    if (value.is_null()) return 1;
    if (value.is_bool()) return value.as_bool() ? 2 : 3;
    if (value.is_number()) return mixed(4, std::hash<double>()(value.as_number()));
    if (value.is_string()) return mixed(5, text_hash(value.as_string()));
    std::size_t hash = 6;
    if (value.is_array()) {
        for (const json::Value& item : value.as_array()) hash = mixed(hash, hash_of(item));
        return hash;
    }
    for (const auto& [name, member] : value.as_object()) {
        hash += mixed(text_hash(name), hash_of(member));
    }
    return mixed(7, hash);
}

}  // namespace

std::size_t state_hash(const json::Value& state) {
    return state.is_null() ? 0 : hash_of(state);
}

std::optional<wire::FieldDrift> existence_drift(bool described_absent, bool is_absent) {
    if (described_absent == is_absent) return std::nullopt;
    return wire::FieldDrift{"/ensure", described_absent ? "absent" : "present",
                            is_absent ? "absent" : "present"};
}

}  // namespace evenkeel::agent
