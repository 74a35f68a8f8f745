#pragma once

#include <optional>
#include <string>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/commands/describe.hpp"

// Requests on resources that assignments own: `owned`, unless they say override=true. [any]
namespace evenkeel::api {

// overriding with `override=true`, else direct; `invalid-parameter` for what is no truth value.
ApiResult<commands::Authority> read_authority(const http::Request& request);
http::QueryParameter override_parameter();

// Adds the resource to the problem `owned`, for commands::Requester::on_owned: every one is an
// entry of its `errors`. Of a request about one resource, where `at` is empty, the problem also has
// its `owners`.
void add_owned(std::optional<http::Problem>& refused, const state::Resource& owned,
               const std::string& at);

}  // namespace evenkeel::api
