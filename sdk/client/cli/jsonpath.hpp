#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

namespace evenkeel::cli {

// A small part of kubectl's JSONPath: text as it stands, and in braces a path of `.name`,
// `['any name']`, `[0]`, `[-1]` (from the end), `[*]` and `.*`, or a JSON string such as "\n".
// Without braces the whole is one path: .items[*].name
class JsonPath {
  public:
    // `invalid` says at which character.
    static Result<JsonPath> parse(std::string_view text);

    // What is found, with blanks between: text without quotes, else JSON. What is not there is
    // left out.
    std::string print(const json::Value& value) const;

  private:
    struct Step {
        enum class Kind { name, index, all } kind = Kind::all;
        std::string name = {};
        std::ptrdiff_t index = 0;
    };
    struct Part {
        std::string text = {};  // printed as it stands, when there is no path
        std::vector<Step> path = {};
        bool is_path = false;
    };
    class Reader;

    std::vector<Part> parts_;
};

}  // namespace evenkeel::cli
