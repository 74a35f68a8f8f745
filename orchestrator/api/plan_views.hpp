#pragma once

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/state/plans.hpp"

// Plans as REST shows them. [any]
namespace evenkeel::api {

struct Context;

// With what it does.
json::Object show_plan(const state::Plan& plan, const state::PlanContent& content);
// The same of one that is kept, with the groups that are shown at once. O(content)
Result<json::Object> show_plan(const state::View& view, const state::Plan& plan);

// What list and GET show of one that is applied beside it: how far its hosts are. [loop]
Result<json::Value> with_progress(const Context& context, const state::View& view,
                                  const state::Plan& plan, json::Object shown);

// 409: the plan is in a state in which that cannot be done.
http::Problem wrong_state(const state::Plan& plan, std::string_view what);
// `not-found` when there is none of this id.
ApiResult<state::Plan> require_plan(const state::View& view, const std::string& id);

}  // namespace evenkeel::api
