#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/model_edits.hpp"
#include "orchestrator/plans/live_answers.hpp"

// Plans for which hosts are asked for their dry run: `live`. [loop]
namespace evenkeel::api {

// How many plans ask hosts at the same time; more are `unavailable`.
inline constexpr std::size_t kLivePlansMost = 2;
inline constexpr std::chrono::seconds kLivePlanTimeout{10};

// What was tried out.
struct LivePlan {
    std::string id;
    std::shared_ptr<const plans::Trial> trial;
    std::vector<plans::PlannedHost> order;  // plans::asking_order()
    ModelEdit edit;
    state::PlanContent content;
};

// Asks hosts in that order, as many of those that are connected as may be, and puts what they
// answer within this time into the content. `done` runs on the loop; nothing is stored.
struct LiveAnswers {
    state::PlanContent content;
    state::HostAnswers rest;
};
using LiveDone = std::function<void(Result<LiveAnswers>)>;
void ask_hosts(const Context& context, LivePlan plan, std::chrono::milliseconds timeout,
               LiveDone done);

}  // namespace evenkeel::api
