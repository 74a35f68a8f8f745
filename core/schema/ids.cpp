#include "core/schema/ids.hpp"

#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {

std::string canonical_id(const Schema& schema, std::string_view id) {
    if (!id.starts_with('/')) return "";
    std::vector<std::string> parts;
    for (std::string& part : split(id, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
            continue;
        }
        parts.push_back(std::move(part));
    }
    std::string path;
    for (const std::string& part : parts) path += "/" + part;
    if (path.empty()) path = "/";
    return schema.accepts_key(path) ? path : "";
}

bool is_relative_id(const Schema& schema, std::string_view id) {
    return !id.empty() && !id.starts_with('/') &&
           !canonical_id(schema, "/" + std::string(id)).empty();
}

}  // namespace evenkeel::schema
