#pragma once

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::api {

// What requests and answers about plans are, by their names in OpenAPI's components/schemas.
Result<json::Object> plan_schemas();

}  // namespace evenkeel::api
