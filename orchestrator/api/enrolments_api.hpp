#pragma once

#include <vector>

#include "orchestrator/api/context.hpp"

namespace evenkeel::api {

// /v1/enrolments: how hosts came in, and which machines want to.
void add_enrolments(std::vector<http::Route>& routes, Context& context);

}  // namespace evenkeel::api
