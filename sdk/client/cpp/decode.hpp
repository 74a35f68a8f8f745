#pragma once

#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cpp/model.hpp"
#include "sdk/client/cpp/plans.hpp"
#include "sdk/client/cpp/result.hpp"
#include "sdk/client/cpp/types.hpp"

// The API's JSON as the public types. What is missing or of another type reads as empty: a newer
// orchestrator must not break an older client.
namespace evenkeel::client {

// Kind::bad_answer when `text` is not JSON, or not an object.
Result<json::Value> parse_answer(const std::string& text);

Host decode_host(const json::Value& value);
Collection decode_collection(const json::Value& value);
Resource decode_resource(const json::Value& value);
Command decode_command(const json::Value& value);
CommandResource decode_command_resource(const json::Value& value);
FleetApplied decode_fleet_applied(const json::Value& value);
EnrolmentToken decode_enrolment_token(const json::Value& value);
Event decode_event(const json::Value& value);
Counts decode_counts(const json::Value& value);
CompileError decode_compile_error(const json::Value& value);
WantedState decode_wanted_state(const json::Value& value);
Owner decode_owner(const json::Value& value);
Environment decode_environment(const json::Value& value);
Setting decode_setting(const json::Value& value);
Application decode_application(const json::Value& value);
Assignment decode_assignment(const json::Value& value);
EffectiveSetting decode_effective_setting(const json::Value& value);
WantedResource decode_wanted_resource(const json::Value& value);
Wanted decode_wanted(const json::Value& value);
Impact decode_impact(const json::Value& value);
Plan decode_plan(const json::Value& value);
PlanGroup decode_plan_group(const json::Value& value);
PlannedHost decode_planned_host(const json::Value& value);

// The member's items; none when it is not an array.
const json::Array& items_of(const json::Value& value, std::string_view name);
// What `decode` makes of each of them.
template <typename Decode>
auto decode_each(const json::Value& value, std::string_view name, const Decode& decode) {
    std::vector<decltype(decode(value))> all;
    for (const json::Value& item : items_of(value, name)) all.push_back(decode(item));
    return all;
}
// Those of the array's items that are text.
std::vector<std::string> decode_texts(const json::Value& value);

// An answer outside 2xx: its problem document, or what its status and body tell.
Failure decode_problem(int status, const std::string& body);

}  // namespace evenkeel::client
