#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "range.hpp"

namespace nft_sets {

namespace sdk = evenkeel::sdk;
namespace json = sdk::json;

inline constexpr std::size_t kElementsMax = 10'000;  // a state has to fit into 1 MiB

// Where a set lies; as an id "inet/filter/blocked".
struct SetName {
    std::string family, table, name;

    std::string id() const { return family + "/" + table + "/" + name; }
};

// Nothing for what is no such id.
std::optional<SetName> set_named(std::string_view id);

struct Set {
    Type type = Type::ipv4_addr;
    bool interval = true;         // ranges may be elements
    std::vector<Range> elements;  // in order
};

std::string state_of(const Set& set);

// What is asked for: without elements, they stay as they are.
struct Description {
    Type type;
    bool interval;
    std::optional<std::vector<Range>> elements;  // with interval in as few ranges as can be
};

// Throws EK_E_INVALID with the place. What a state says can be read as well.
Description description_of(const json::Value& object);

// What has to change, of a set or of none (nullptr). Elements are the same if they cover the same
// values, however these are cut into ranges.
sdk::Changes difference(const Set* now, const Description& wanted);

// The set as it is to be. Throws EK_E_INVALID if elements that are not described cannot stay.
Set outcome_of(const Set* now, const Description& wanted);

}  // namespace nft_sets
