#pragma once

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::api {

// OpenAPI's components/schemas: the shapes of docs/rest.md.
Result<json::Object> component_schemas();

}  // namespace evenkeel::api
