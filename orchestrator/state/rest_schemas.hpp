#pragma once

#include "core/json/json.hpp"

namespace evenkeel::state {

// The schemas of what REST and events show, from the tables of rest_fields.hpp, and of what they
// refer to, by their names in OpenAPI's components/schemas. [any]
json::Object rest_schemas();

}  // namespace evenkeel::state
