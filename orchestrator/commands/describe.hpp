#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/schema/schema.hpp"
#include "core/secrets/protector.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/edit.hpp"

// What administrators ask for: changes what a host should be, and makes the command that tells
// the host. [lane], inside State::submit. Errors: `not_found` for an unknown host or resource,
// `conflict` for a retired host or a local description, or whatever the guard says.
namespace evenkeel::commands {

// Sees what is there before anything is changed: preconditions.
using Guard = std::function<Result<void>(const std::optional<state::Resource>&)>;

// On whose behalf, and for which host.
struct Requester {
    std::string host;
    std::string request_id;
    Guard guard = {};
};

// What a host has described, and which actions its collections offer, for wire::check_relations.
// Lives no longer than `view`. [any]
wire::RelationLookup known_of(const state::View& view, const std::string& host);

struct DescriptionRequest {
    wire::Ref ref;
    json::Value description;  // whole, checked; secrets in the clear
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    std::shared_ptr<const schema::Schema> schema;  // null when not known
    std::uint32_t schema_version = 0;
};
// One command for all of them, in this order. What is described like that already keeps its
// generation and is applied again. `conflict` when somebody has just described what makes a cycle
// of it.
Result<state::Command> describe(state::Edit& edit, const secrets::Protector& protector,
                                const Requester& requester,
                                const std::vector<DescriptionRequest>& requests);

// From the machine, and once that has succeeded, from here.
Result<state::Command> remove(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref);

// Only the description, at once; the machine stays as it is.
Result<state::Command> forget(state::Edit& edit, const Requester& requester, const wire::Ref& ref);

// A one-shot action; nothing need be described.
Result<state::Command> invoke(state::Edit& edit, const secrets::Protector& protector,
                              const Requester& requester, const wire::Ref& ref,
                              const std::string& action, const json::Value& arguments);

}  // namespace evenkeel::commands
