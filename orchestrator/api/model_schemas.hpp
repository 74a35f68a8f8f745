#pragma once

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::api {

// OpenAPI's components/schemas of the model's objects. What a body may hold in the end is checked
// by model::edit, which knows the rest of the model too.
Result<json::Object> model_schemas();

}  // namespace evenkeel::api
