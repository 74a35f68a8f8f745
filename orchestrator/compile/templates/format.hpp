#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compile/templates/path.hpp"

namespace evenkeel::json {
class Value;
}

// A tag that is replaced by a value, and how values become text.
namespace evenkeel::templates {

struct Format {
    enum class Kind { json, join };
    Kind kind = Kind::json;
    std::string separator = {};  // of join
};

// `name`, `name|json`, `name|join:", "|json`.
struct Expression {
    Path path;
    std::vector<Format> formats = {};
};
TemplateResult<Expression> read_expression(std::string_view text, std::size_t byte);

// False: false, null, 0, and an empty text, list or object.
bool is_true(const json::Value& value);
// Whether the value has at least that much JSON text, found out by work of no more than that.
bool is_longer(const json::Value& value, std::size_t bytes);

// A value in running text: a string as it is, a number or truth value as JSON writes it. What has
// no such text is a fault at the path, which names the way out.
TemplateResult<std::string> text_of(const json::Value& value, const Path& path);
// Equal values give equal texts: JSON is written with sorted members. `limit` over the size that
// an output may have.
TemplateResult<std::string> apply(const Format& format, const json::Value& value, const Path& path);

}  // namespace evenkeel::templates
