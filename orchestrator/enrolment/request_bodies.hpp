#pragma once

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/enrolment/rules.hpp"
#include "orchestrator/enrolment/token_rules.hpp"

// What clients send about enrolment; see orchestrator/api/request_bodies.hpp. [any]
namespace evenkeel::enrolment {

// POST of an enrolment token.
api::ApiResult<TokenRequest> read_token_request(const json::Value& body);
// :accept of an enrolment.
api::ApiResult<Acceptance> read_acceptance(const json::Value& body);

// By their names in OpenAPI's components/schemas.
json::Object request_schemas();

}  // namespace evenkeel::enrolment
