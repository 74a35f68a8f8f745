#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/hosts.hpp"

namespace evenkeel::cli {

// The code of a failure found here that means as much as the API's 404.
inline constexpr const char* kNotThere = "not-there";

// The collection, with its schema, of the first of the hosts that has it; else kNotThere with the
// names of those that these hosts have.
client::Result<client::Collection> find_collection(client::Client& client,
                                                   const std::vector<std::string>& hosts,
                                                   const std::string& name);

}  // namespace evenkeel::cli
