#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/model/event_draft.hpp"
#include "core/agent/model/records.hpp"

namespace evenkeel::crypto {
class Sealer;
}

// Makes the events about descriptions, notifications and commands. [loop]
namespace evenkeel::agent {

class CollectionRegistry;
struct CatalogEntry;
struct CommandResult;

// The description as it is reported to the orchestrator: complete when it came from there, with
// secrets redacted when it is local.
json::Value shown_body(const Description& description, const CollectionRegistry& registry,
                       const crypto::Sealer& sealer);

// description.changed, with reason `local`, `replaced` or `restored`.
EventDraft description_changed(const CatalogEntry& entry, json::Value shown,
                               const json::Value& state, wire::DescriptionReason reason);
// description.forgotten, with reason `local`, `detached` or `restored`.
EventDraft description_forgotten(const wire::Ref& ref, const wire::Generation& generation,
                                 wire::Origin origin, wire::DescriptionReason reason);
// resource.notified: after repairs of `sources` the action was run, or failed to.
EventDraft resource_notified(const CatalogEntry& entry, const std::string& action,
                             const std::vector<wire::Ref>& sources,
                             const std::optional<Error>& error);
EventDraft command_outcome(const std::string& command, const CommandResult& result);

}  // namespace evenkeel::agent
