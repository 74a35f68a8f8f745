#include "orchestrator/state/body.hpp"

#include "orchestrator/state/record_text.hpp"

namespace evenkeel::state {

json::Text encode(const Body& body) {
    json::Text out;
    out.open_object();
    out.member("collection", body.ref.collection);
    out.member("id", body.ref.id);
    if (!body.arguments.empty()) {
        out.member("arguments", body.arguments);
        out.close_object();
        return out;
    }
    write_generation(body.generation, out);
    out.member("policy", wire::to_string(body.policy));
    out.member("origin", wire::to_string(body.origin));
    out.member("schema_version", body.schema_version);
    out.member("written_at", body.written_at);
    write_relations(body.relations, out);
    out.member("description", body.description);
    out.close_object();
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
