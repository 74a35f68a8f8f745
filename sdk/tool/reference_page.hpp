#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::tool {

// Of each collection {"name","capabilities","schema","configuration","actions"}, the last three as
// JSON. Loads the plugin and opens nothing, so it needs no back end: call it in run_apart.
Result<std::vector<json::Value>> tables_of(const std::string& file);

// The reference page of a plugin, in Markdown: what its manifest and its tables say.
Result<std::string> reference_page(const std::string& file,
                                   const std::vector<json::Value>& collections);

}  // namespace evenkeel::tool
