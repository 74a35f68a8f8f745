#pragma once

#include <cstdint>
#include <string>

#include "sdk/client/cli/plans.hpp"

// The steps that commands about plans have in common.
namespace evenkeel::cli {

// Of the answer that holds one.
inline constexpr std::size_t kPlanBytesMost = 64 << 20;

client::Result<json::Value> find_plan(client::Client& client, const std::string& id);

// The plan as data, or its groups and errors and, on standard error, a line that sums it up.
void show_plan(const Output& output, const json::Value& plan);

// Shows one that was just made, and says what is to be done with it.
Exit show_new_plan(const Session& session, const client::Plan& made);

// How far the hosts of a plan that is applied are; nothing of another.
void tell_progress(const json::Value& plan);

// How many of its hosts do not compile: they would get nothing, so it is refused unless that is
// allowed.
std::int64_t hosts_with_errors(const json::Value& plan);

// What is to be done with an open plan: "plan plan_1: apply it with: ek apply plan plan_1".
std::string next_step(const json::Value& plan);

// Why nobody can be asked: nothing when `yes` was given or there is a terminal.
client::Result<> check_can_ask(bool yes);
// Asks on standard error; no other answer than y or yes is one.
bool confirmed(const std::string& question);

// Sends :approve, :reject or :apply, bound to the plan as it was seen. The failure of a stale plan
// shows what it would do now.
client::Result<json::Value> act_on_plan(Session& session, const json::Value& plan,
                                        const std::string& action,
                                        std::chrono::seconds wait = std::chrono::seconds(0),
                                        bool allows_errors = false);

// Applies it, follows it as asked and sums up.
Exit apply_and_follow(Session& session, const json::Value& plan, const PlanApplyOptions& options);
// Follows one that is applied, as asked, and sums up; `plan` becomes what was last heard of it.
Exit follow_applied(Session& session, json::Value& plan,
                    std::chrono::steady_clock::time_point until, const PlanApplyOptions& options);

}  // namespace evenkeel::cli
