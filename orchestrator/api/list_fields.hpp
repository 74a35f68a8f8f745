#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

// The fields of a list's items that `filter` and `order_by` may name.
namespace evenkeel::api {

struct Field {
    // As in the item, with dots between levels: "compliance.status". One that ends in a dot stands
    // for everything below it: "labels." for labels.role.
    std::string name;
    // What it can be, when that is a closed list: anything else in a filter is a typing error.
    std::vector<std::string> values = {};
    // Holds a host's id, and a filter may give the host's name.
    bool is_host = false;
};
using Fields = std::vector<Field>;

inline constexpr std::size_t kFieldBytesMost = 256;

// The field of that name, or null.
const Field* find_field(const Fields& fields, std::string_view name);
// What the item has there; JSON null where it has nothing. Names of labels and facts may hold dots.
const json::Value& field_of(const json::Value& item, std::string_view name);
// "name, compliance.status, labels.KEY": for people.
std::string names_of(const Fields& fields);

}  // namespace evenkeel::api
