#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/wire/relations.hpp"
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
// The resources of a local FILE, or all that is wrong with it at once, each by its pointer.
using FileEntries = tl::expected<std::vector<wire::ResourceRequest>, std::vector<wire::WrongField>>;
// Of `{"resources":[…]}`, beside which only "detach" may stand. The entries hold nothing but
// collection, id, description, policy, requires and notifies; each is of a collection that this
// host has, and there once; its id and description fit the collection's schema, its relations name
// known resources and actions, nothing requires itself, and no two lists that mirror each other
// contradict, in the FILE or with what is enforced already. Reads the enforced descriptions of a
// collection that the FILE's lists mirror, and no others.
FileEntries decode_file(const json::Value& file, const HostView& host);

}  // namespace evenkeel::agent
