#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/api/body.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/state/token.hpp"

// What clients send to the API, as plain structs. One table of fields for each, in
// request_bodies.cpp, gives the reading and the schema in the OpenAPI document; those of enrolment
// are in its own folder. Whatever is wrong in a body is reported at once, as `invalid-description`
// or `unknown-field`. [any]
namespace evenkeel::api {

// PATCH of a host.
ApiResult<hosts::Patch> read_host_patch(const json::Value& body);

// POST of a token.
struct TokenRequest {
    std::string name;
    state::Role role{};
    std::chrono::milliseconds lifetime = std::chrono::hours(90 * 24);
};
ApiResult<TokenRequest> read_token_request(const json::Value& body);

// :invoke of a resource.
struct ActionRequest {
    std::string action;
    json::Value arguments;  // an object, or null when there are none
};
ApiResult<ActionRequest> read_action_request(const json::Value& body);

// :rollback of a resource.
struct RollbackRequest {
    std::uint64_t revision = 0;  // of a generation in its history
};
ApiResult<RollbackRequest> read_rollback_request(const json::Value& body);

// Which hosts a request is for: those that a filter of /v1/hosts finds, or these, by id or name.
struct TargetRequest {
    std::string filter;
    std::vector<std::string> hosts;  // empty: by the filter
};
// `body` is the member `target` of a request; problems point there.
ApiResult<TargetRequest> read_target_request(const json::Value& body);

// Which members a PUT and a FILE have; their values are checked in description_requests.hpp,
// against a collection's schema and each other.
const json::Value& put_schema();
const json::Value& file_schema();
// A FILE with a target. A host's part is one piece of work on the loop.
inline constexpr std::size_t kFleetResourcesMost = 100;
const json::Value& fleet_apply_schema();

// By their names in OpenAPI's components/schemas.
json::Object request_schemas();

}  // namespace evenkeel::api
