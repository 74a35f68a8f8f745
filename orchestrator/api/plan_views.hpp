#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/state/plan_answers.hpp"
#include "orchestrator/state/plans.hpp"

// Plans as REST shows them. [any]
namespace evenkeel::api {

struct Context;

// With what it does.
json::Object show_plan(const state::Plan& plan, const state::PlanContent& content,
                       const state::HostAnswers& answers);
// The same of one that is kept, with the groups that are shown at once. O(content)
Result<json::Object> show_plan(const state::View& view, const state::Plan& plan);

// As lists show it: with the tally of its hosts, when it is applied. O(1)
Result<json::Value> show_in_list(const state::View& view, const state::Plan& plan);

// Answers with the plan and what it does, which may be MiBs and is read on the thread of
// plans::Reader; of one that is applied with how far its hosts are, where `reply` gets the number
// of connected hosts that it waits for. Where it cannot be read the answer is `otherwise`, if that
// is given, else the error. [loop]
using PlanReply = std::function<http::Reply(json::Value shown, std::uint64_t waiting)>;
void send_plan(const Context& context, const state::Plan& plan,
               const std::shared_ptr<http::Responder>& responder, PlanReply reply,
               std::optional<http::Reply> otherwise = std::nullopt);

// 409: the plan is in a state in which that cannot be done.
http::Problem wrong_state(const state::Plan& plan, std::string_view what);
// `not-found` when there is none of this id.
ApiResult<state::Plan> require_plan(const state::View& view, const std::string& id);

}  // namespace evenkeel::api
