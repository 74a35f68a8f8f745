#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

// The fields that a filter, or the order of a list, may name.
namespace evenkeel::filter {

struct Field {
    // As in the item, with dots between levels: "compliance.status". One that ends in a dot stands
    // for everything below it: "labels." for labels.role. "*" stands for any name.
    std::string name;
    // What it can be, when that is a closed list: anything else in a filter is a typing error.
    std::vector<std::string> values = {};
    // Holds a host's id, and a filter may give the host's name.
    bool is_host = false;
    // Holds a place in a tree, "prod/eu": `= prod` is also true of what is below it.
    bool is_tree = false;
};
using Fields = std::vector<Field>;

inline constexpr std::size_t kFieldBytesMost = 256;

// The field of that name, or null.
const Field* find_field(const Fields& fields, std::string_view name);
// What the item has there; JSON null where it has nothing. Names of labels and facts may hold dots.
// A name that goes on through a list, owners.assignment, is the list of what its elements have
// there: `made` holds it then.
const json::Value& field_of(const json::Value& item, std::string_view name, json::Value& made);
// "name, compliance.status, labels.KEY": for people.
std::string names_of(const Fields& fields);

}  // namespace evenkeel::filter
