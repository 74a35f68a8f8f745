#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

namespace evenkeel::accounts {

// A name as Debian's adduser accepts it for system users too, at most 32 letters; the schemas say
// the same. Everything else is refused before it can reach a command line.
bool is_name(std::string_view name);
// Throws EK_E_INVALID for anything else.
void require_name(std::string_view name, const char* what);

// A field of a description; nothing if it is not there. Throw EK_E_INVALID at it for a value of
// another type or a number out of range.
std::optional<std::int64_t> number_of(const sdk::json::Value& object, const char* name,
                                      std::int64_t min, std::int64_t max);
std::optional<std::uint32_t> id_of(const sdk::json::Value& object, const char* name);
std::optional<bool> flag_of(const sdk::json::Value& object, const char* name);
// Sorted, each once.
std::optional<std::vector<std::string>> names_of(const sdk::json::Value& object, const char* name);

// The pointer to a name in a described array: "/groups/2".
std::string pointer_to(const sdk::json::Value& object, const char* name, std::string_view item);

// A JSON array of strings.
std::string to_json(const std::vector<std::string>& names);
std::string joined(const std::vector<std::string>& names);  // by commas

}  // namespace evenkeel::accounts
