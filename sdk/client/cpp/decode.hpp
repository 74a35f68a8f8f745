#pragma once

#include <string>
#include <vector>

#include "core/json/json.hpp"
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
FleetApplied decode_fleet_applied(const json::Value& value);
EnrolmentToken decode_enrolment_token(const json::Value& value);
Event decode_event(const json::Value& value);
Counts decode_counts(const json::Value& value);

// An answer outside 2xx: its problem document, or what its status and body tell.
Failure decode_problem(int status, const std::string& body);

}  // namespace evenkeel::client
