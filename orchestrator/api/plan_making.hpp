#pragma once

#include <cstddef>
#include <memory>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"

namespace evenkeel::api {

// POST /v1/plans: tries changes out and keeps them, then answers. What costs as much as
// the changes is done on the planner's thread. `live_plans` counts those that ask hosts now.
// [loop]
void make_plan(Context& context, http::Request request,
               const std::shared_ptr<http::Responder>& responder,
               const std::shared_ptr<std::size_t>& live_plans);

}  // namespace evenkeel::api
