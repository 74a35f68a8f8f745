#include "core/secrets/redacted_pointers.hpp"

#include <algorithm>

#include "core/json/json.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::secrets {

RedactedPointers::RedactedPointers(const json::Value& description) {
    find(description, "");
}

void RedactedPointers::find(const json::Value& value, const std::string& at) {
    if (fingerprint_in(value)) {
        pointers_.push_back(at);
    } else if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) find(member, json::pointer(at, name));
    } else if (value.is_array()) {
        std::size_t index = 0;
        for (const json::Value& item : value.as_array()) {
            find(item, json::pointer(at, std::to_string(index++)));
        }
    }
}

bool RedactedPointers::cover(std::string_view pointer) const {
    return std::any_of(pointers_.begin(), pointers_.end(), [&](const std::string& one) {
        return pointer == one ||
               (pointer.starts_with(one) && pointer.substr(one.size()).starts_with('/'));
    });
}

}  // namespace evenkeel::secrets
