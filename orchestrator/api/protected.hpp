#pragma once

#include <set>
#include <string>

#include "orchestrator/http/problem.hpp"

// Requests that would change what hosts in protected environments have. [any]
namespace evenkeel::api {

// `plan-required`, with the environments' names.
http::Problem plan_required(const std::set<std::string>& environments);

}  // namespace evenkeel::api
