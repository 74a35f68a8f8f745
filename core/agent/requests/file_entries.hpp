#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::json {
class Value;
}

// The resources of a FILE that a local administrator gives, and those of a plan. [any]
namespace evenkeel::agent {

struct HostView;

// The entries of a FILE or plan; `invalid` names every wrong field by its pointer. Local ones may
// hold nothing but collection, id, description, policy, requires and notifies.
Result<std::vector<wire::ResourceRequest>> decode_resources(const json::Value& resources,
                                                            bool local);
// Checks of a local FILE that need the host: each resource is there once, its id and description
// fit its collection's schema, its relations name known resources and actions, and nothing requires
// itself, and no two lists that mirror each other contradict, in the FILE or with what is enforced
// already. `invalid` as above. Reads the enforced descriptions of a collection that the FILE's
// lists mirror, and no others.
Result<void> check_file(const std::vector<wire::ResourceRequest>& request, const HostView& host);

}  // namespace evenkeel::agent
