#pragma once

#include <string_view>

#include "core/json/json.hpp"
#include "orchestrator/state/token.hpp"

// Permissions of roles: one table, which docs/rest.md and the OpenAPI document show. [any]
namespace evenkeel::api {

using state::Role;

// False for a permission that is not in the table.
bool may(Role role, std::string_view permission);

// {"host.read": {"roles": ["viewer","operator","approver","admin"], "description": "..."}, ...}.
json::Object permissions();

}  // namespace evenkeel::api
