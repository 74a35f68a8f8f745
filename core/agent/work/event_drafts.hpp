#pragma once

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/work/job.hpp"
#include "core/crypto/sealer.hpp"

// What events say about descriptions and commands. [loop]
namespace evenkeel::agent {

// The description of `record` as its owner is told: whole for the orchestrator's own, with secrets
// redacted for a local one.
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
EventDraft command_outcome(const std::string& command, const Outcome& outcome);

}  // namespace evenkeel::agent
