#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "orchestrator/http/router.hpp"

namespace evenkeel::http {

// The OpenAPI 3.1 document of the table. `invalid` when a route names a schema that is not there.
Result<json::Value> make_openapi(const std::vector<Route>& routes, const Router::Options& options);

}  // namespace evenkeel::http
