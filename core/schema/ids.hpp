#pragma once

#include <string>
#include <string_view>

// How the ids of a collection are spelled where they are paths, which have many spellings. [any]
namespace evenkeel::schema {

class Schema;

// The spelling of an absolute path that the schema takes; empty when it takes none, or the id is no
// absolute path.
std::string canonical_id(const Schema& schema, std::string_view id);
// Whether the ids are paths and this one does not begin at the root. No spelling of it is proposed:
// nobody knows which folder was meant.
bool is_relative_id(const Schema& schema, std::string_view id);
inline constexpr const char* kMustBeAbsolute = "must be an absolute path";

}  // namespace evenkeel::schema
