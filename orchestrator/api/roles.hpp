#pragma once

#include <optional>
#include <string_view>

#include "core/json/json.hpp"

// Who may do what: one table, which docs/rest.md and the OpenAPI document show. [any]
namespace evenkeel::api {

// Each may do what the one before may.
enum class Role { viewer, operation, admin };

std::optional<Role> role_from(std::string_view name);
// "viewer", "operator", "admin".
std::string_view to_string(Role role);

// False for a permission that is not in the table.
bool may(Role role, std::string_view permission);

// {"host.read": {"roles": ["viewer","operator","admin"], "description": "..."}, ...}.
json::Object permissions();

}  // namespace evenkeel::api
