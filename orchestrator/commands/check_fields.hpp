#pragma once

#include <vector>

#include "core/schema/schema.hpp"

namespace evenkeel::commands {

// All that is wrong with a description, by pointer. `ensure` is not the schema's: it is checked
// here, and a description of what shall be absent may say nothing else. `schema` may be null. [any]
std::vector<schema::FieldError> check_fields(const schema::Schema* schema,
                                             const json::Value& description);

}  // namespace evenkeel::commands
