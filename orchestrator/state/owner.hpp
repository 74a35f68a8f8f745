#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/names.hpp"
#include "core/json/json.hpp"

namespace evenkeel::state {

// What becomes of a resource when its last owner goes.
enum class OnLeave { forget, remove };
constexpr auto enum_names(OnLeave) {
    return names<OnLeave>("on_leave", {{OnLeave::forget, "forget"}, {OnLeave::remove, "remove"}});
}

// An assignment by which a host has a resource.
struct Owner {
    std::string assignment;
    std::string application;
    std::uint32_t version = 0;
    OnLeave on_leave = OnLeave::forget;

    friend bool operator==(const Owner&, const Owner&) = default;
};

// In the record of a resource.
json::Value encode(const std::vector<Owner>& owners);
Result<std::vector<Owner>> decode_owners(const json::Value& value);

// "the assignment web (application nginx, version 3) and 2 more", for a message. Requires one.
std::string words_of(const std::vector<Owner>& owners);

}  // namespace evenkeel::state
