#include "core/agent/runs/event_drafts.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::agent {

json::Value shown_body(const Description& description, const CollectionRegistry& registry,
                       const crypto::Sealer& sealer) {
    if (description.metadata.origin == wire::Origin::orchestrator) return description.body;
    const CollectionRunner* runner = registry.find(description.metadata.ref.collection);
    // Without the schema it is not known which fields are secret.
    if (!runner) return nullptr;
    const secrets::Redactor redactor(secrets::fingerprint_by(sealer));
    return redactor.description(description.body, &runner->collection().schema());
}

EventDraft description_changed(const CatalogEntry& entry, json::Value shown,
                               const json::Value& state, wire::DescriptionReason reason) {
    const Metadata& metadata = entry.metadata;
    json::Object data{{"collection", metadata.ref.collection},
                      {"id", metadata.ref.id},
                      {"description", std::move(shown)},
                      {"policy", wire::to_string(metadata.policy)},
                      {"generation", wire::encode(metadata.generation)},
                      {"origin", wire::to_string(metadata.origin)},
                      {"reason", to_string(reason)},
                      {"compliance", wire::encode(entry.status.compliance)},
                      {"state", state}};
    wire::put_relations(data, metadata.relations);
    return {wire::EventKind::description_changed, std::move(data), {metadata.ref}, ""};
}

EventDraft description_forgotten(const wire::Ref& ref, const wire::Generation& generation,
                                 wire::Origin origin, wire::DescriptionReason reason) {
    return {wire::EventKind::description_forgotten,
            json::Object{{"collection", ref.collection},
                         {"id", ref.id},
                         {"generation", wire::encode(generation)},
                         {"origin", wire::to_string(origin)},
                         {"reason", to_string(reason)}},
            {ref},
            ""};
}

EventDraft resource_notified(const CatalogEntry& entry, const std::string& action,
                             const std::vector<wire::Ref>& sources,
                             const std::optional<Error>& error) {
    const Metadata& metadata = entry.metadata;
    return {wire::EventKind::resource_notified,
            json::Object{{"collection", metadata.ref.collection},
                         {"id", metadata.ref.id},
                         {"policy", wire::to_string(metadata.policy)},
                         {"generation", wire::encode(metadata.generation)},
                         {"compliance", wire::encode(entry.status.compliance)},
                         {"action", action},
                         {"sources", wire::encode(sources)},
                         {"error", error ? wire::encode(*error) : json::Value()}},
            {metadata.ref},
            ""};
}

EventDraft command_outcome(const std::string& command, const CommandResult& result) {
    json::Value data = json::Object{{"command", command}};
    const json::Value encoded = encode(result);
    for (const auto& [name, value] : encoded.as_object()) data.as_object().append(name, value);
    std::vector<wire::Ref> about;
    for (const wire::ResourceResult& done : result.resources) about.push_back(done.ref);
    return {wire::EventKind::command_outcome, std::move(data), std::move(about), command};
}

}  // namespace evenkeel::agent
