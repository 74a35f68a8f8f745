#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/yaml.hpp"

namespace evenkeel::cli {

// *.json, *.yaml and *.yml, but for hidden ones.
bool is_document_name(const std::string& name);

// A document of a file: where its values stand is known of YAML only.
using Document = YamlDocument;
// What begins with { or [ is JSON, unless the name of the file says YAML. Empty documents are left
// out. The error says at which line and column.
Result<std::vector<Document>> parse_documents(const std::string& path, const std::string& text);

}  // namespace evenkeel::cli
