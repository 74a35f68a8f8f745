#include "core/agent/notes.hpp"

#include <utility>

#include "core/agent/secrets.hpp"

namespace evenkeel::agent {

json::Value shown_body(const Description& description, const Units& units,
                       const crypto::Sealer& sealer) {
    if (description.head.origin == wire::Origin::orchestrator) return description.body;
    const Unit* unit = units.find(description.head.ref.collection);
    // Without the schema nobody knows what is secret in it.
    if (!unit) return nullptr;
    return redact(description.body, unit->collection().schema(), sealer);
}

Note description_changed(const Record& record, json::Value shown, const json::Value& state,
                         std::string_view reason) {
    const Head& head = record.head;
    json::Object data{{"collection", head.ref.collection},
                      {"id", head.ref.id},
                      {"description", std::move(shown)},
                      {"policy", wire::to_string(head.policy)},
                      {"generation", wire::encode(head.generation)},
                      {"origin", wire::to_string(head.origin)},
                      {"reason", reason},
                      {"compliance", wire::encode(record.standing.compliance)},
                      {"state", state}};
    wire::put_ties(data, head.ties);
    return {"description.changed", std::move(data), {head.ref}, ""};
}

Note description_forgotten(const wire::Ref& ref, const wire::Generation& generation,
                           wire::Origin origin, std::string_view reason) {
    return {"description.forgotten",
            json::Object{{"collection", ref.collection},
                         {"id", ref.id},
                         {"generation", wire::encode(generation)},
                         {"origin", wire::to_string(origin)},
                         {"reason", reason}},
            {ref},
            ""};
}

Note resource_notified(const Record& record, const std::string& action,
                       const std::vector<wire::Ref>& sources, const std::optional<Error>& error) {
    const Head& head = record.head;
    return {"resource.notified",
            json::Object{{"collection", head.ref.collection},
                         {"id", head.ref.id},
                         {"policy", wire::to_string(head.policy)},
                         {"generation", wire::encode(head.generation)},
                         {"compliance", wire::encode(record.standing.compliance)},
                         {"action", action},
                         {"sources", wire::encode(sources)},
                         {"error", error ? wire::encode(*error) : json::Value()}},
            {head.ref},
            ""};
}

Note command_outcome(const std::string& command, const Outcome& outcome) {
    json::Value data = json::Object{{"command", command}};
    const json::Value encoded = encode(outcome);
    for (const auto& [name, value] : encoded.as_object()) data.as_object().append(name, value);
    std::vector<wire::Ref> about;
    for (const wire::Done& done : outcome.resources) about.push_back(done.ref);
    return {"command.outcome", std::move(data), std::move(about), command};
}

}  // namespace evenkeel::agent
