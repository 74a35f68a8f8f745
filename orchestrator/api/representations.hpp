#pragma once

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/filter.hpp"
#include "orchestrator/state/to_rest.hpp"

// Objects as REST shows them: the stored ones, combined with the present state of the link.
namespace evenkeel::api {

// `not-found` for an unknown {h}, by id or name.
ApiResult<state::Host> require_host(const state::View& view, const http::Request& request);
// The same for a host that can still be changed: `invalid-state` for a retired one.
ApiResult<state::Host> require_active_host(const state::View& view, const http::Request& request);

// `invalid-description` at `/environment` for one that the model has not.
ApiResult<void> require_environment(const state::View& view, std::string_view name);

// Of the list of hosts.
const Fields& host_fields();
ApiResult<json::Value> show_host(const Context& context, const state::View& view,
                                 const state::Host& host);
// The present counts: all resources of an offline host are unknown.
ApiResult<state::ComplianceCounts> counts_now(const Context& context, const state::View& view,
                                              const state::Host& host);
state::rest::ComplianceView compliance_of(const Context& context, const state::Host& host,
                                          const state::Resource& resource);
ApiResult<json::Value> show_resource(const Context& context, const state::View& view,
                                     const state::Host& host, const state::Resource& resource);

}  // namespace evenkeel::api
