#pragma once

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/state/shapes.hpp"

// Objects as they are now: the stored ones, with what only the link can tell.
namespace evenkeel::api {

// `not-found` for an unknown {h}, by id or name.
ApiResult<state::Host> require_host(const state::View& view, const http::Request& request);
// The same for one that can still be told something: `invalid-state` for a retired host.
ApiResult<state::Host> require_active_host(const state::View& view, const http::Request& request);

ApiResult<json::Value> show_host(const Context& context, const state::View& view,
                                 const state::Host& host);
// Counts as they hold now: of a silent host all are unknown.
ApiResult<state::ComplianceCounts> counts_now(const Context& context, const state::View& view,
                                              const state::Host& host);
state::ComplianceView compliance_of(const Context& context, const state::Host& host,
                                    const state::Resource& resource);
ApiResult<json::Value> show_resource(const Context& context, const state::View& view,
                                     const state::Host& host, const state::Resource& resource);

}  // namespace evenkeel::api
