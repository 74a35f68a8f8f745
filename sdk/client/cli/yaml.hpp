#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

// YAML as it is written for machines' descriptions: what it means never depends on what a word
// happens to look like.
namespace evenkeel::cli {

inline constexpr std::size_t kYamlBytesMost = 8 << 20;

// The documents of `text`, empty ones left out. Unquoted, `true`, `false`, `null`, `~` and whole
// decimal numbers (7, -1) are what they say; everything else is text as it stands: 0644, no, on,
// 1e3, 1.10, 22:22, 2026-11-29. `!!int`, `!!float`, `!!bool`, `!!null` and `!!str` say it
// otherwise. `invalid`, with line and column: what is no YAML or no UTF-8, quotes that are not
// closed, control characters, directives but %YAML, a name that is given twice, is no text or is
// `<<`, any other tag. `limit`: what aliases multiply to more than 100,000
// values, or nesting deeper than JSON's.
Result<std::vector<json::Value>> parse_yaml(std::string_view text);

// The line on which each value begins, from 1, by its JSON pointer.
using Lines = std::map<std::string, std::size_t>;
struct YamlDocument {
    json::Value value;
    Lines lines;
};
// The same with the lines.
Result<std::vector<YamlDocument>> parse_yaml_with_lines(std::string_view text);

// One document, which parse_yaml reads as the same value and so does any other reader of YAML 1.1
// or 1.2. Safe for a terminal.
std::string write_yaml(const json::Value& value);

}  // namespace evenkeel::cli
