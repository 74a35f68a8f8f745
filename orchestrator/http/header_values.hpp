#pragma once

#include <string>
#include <string_view>
#include <vector>

// Reading the values of header fields (RFC 9110 section 5.6). [any]
namespace evenkeel::http {

std::string to_lower(std::string_view text);
// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);
// The items of a comma-separated list, trimmed, without empty ones; a comma within a quoted
// string separates nothing. Valid as long as `list`.
std::vector<std::string_view> list_items(std::string_view list);
// Whether the list has `token`, in any case.
bool has_token(std::string_view list, std::string_view token);
// RFC 9110's tchar only, and at least one.
bool is_token(std::string_view text);

// Whether the Accept header (null: there is none) allows one of these media types.
bool accepts(const std::string* accept, const std::vector<std::string>& types);
// The media type of a Content-Type, in lower case, without parameters.
std::string media_type(std::string_view content_type);

}  // namespace evenkeel::http
