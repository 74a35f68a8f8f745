#pragma once

#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cli/hosts.hpp"

namespace evenkeel::cli {

// The code of a failure found here that means as much as the API's 404.
inline constexpr const char* kNotThere = "not-there";

// The collection, with its schema, of the first of the hosts that has it; else kNotThere with the
// names of those that these hosts have.
client::Result<client::Collection> find_collection(client::Client& client,
                                                   const std::vector<std::string>& hosts,
                                                   const std::string& name);

// How far the names behind the collection's (names[0]) lead in its schema: to all of them, or up to
// the one that is not there.
struct FieldPlace {
    const json::Value* schema;
    std::size_t names;  // so many were found
};
FieldPlace follow_names(const json::Value& schema, const std::vector<std::string>& names);
// The fields that may be named behind that.
std::vector<std::string> field_names(const json::Value& schema);

}  // namespace evenkeel::cli
