#include "orchestrator/state/body.hpp"

namespace evenkeel::state {

json::Value encode(const Body& body) {
    json::Object out{{"collection", body.ref.collection}, {"id", body.ref.id}};
    if (!body.arguments.empty()) {
        out.append("arguments", body.arguments);
        return out;
    }
    out.append("generation", wire::encode(body.generation));
    out.append("policy", wire::to_string(body.policy));
    out.append("origin", wire::to_string(body.origin));
    out.append("schema_version", body.schema_version);
    out.append("written_at", body.written_at);
    wire::put_relations(out, body.relations);
    out.append("description", body.description);
    return out;
}

Result<Body> decode_body(const json::Value& value) {
    Body body;
    body.ref = {value.string_or("collection"), value.string_or("id")};
    if (body.ref.collection.empty()) return fail(Errc::corrupt, "a body names no resource");
    body.arguments = value.string_or("arguments");
    if (!body.arguments.empty()) return body;
    if (!value["generation"].is_null()) {
        body.generation = EK_TRY(wire::decode_generation(value["generation"]));
    }
    body.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    body.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    body.schema_version = static_cast<std::uint32_t>(value.integer_or("schema_version"));
    body.written_at = value.string_or("written_at");
    body.relations = EK_TRY(wire::decode_relations(value));
    body.description = value["description"];
    return body;
}

}  // namespace evenkeel::state
