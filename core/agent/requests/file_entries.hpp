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

// The entries of a plan that the orchestrator asks for; `invalid` names what is wrong by its
// pointer.
Result<std::vector<wire::ResourceRequest>> decode_resources(const json::Value& resources);
// Those of a local FILE. They hold nothing but collection, id, description, policy, requires and
// notifies; each resource is there once, its id and description fit its collection's schema, its
// relations name known resources and actions, nothing requires itself, and no two lists that mirror
// each other contradict, in the FILE or with what is enforced already. `invalid` names all that is
// wrong at once, each by its pointer. Reads the enforced descriptions of a collection that the
// FILE's lists mirror, and no others.
Result<std::vector<wire::ResourceRequest>> decode_file(const json::Value& resources,
                                                       const HostView& host);

}  // namespace evenkeel::agent
