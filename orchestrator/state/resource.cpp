#include "orchestrator/state/resource.hpp"

#include "orchestrator/state/host.hpp"

namespace evenkeel::state {

bool fits(const wire::Ref& ref) {
    return is_collection_name(ref.collection) && !ref.id.empty() && ref.id.size() <= 4096 &&
           ref.id.find('\0') == std::string::npos;
}

json::Value encode(const Resource& resource) {
    json::Object out{{"collection", resource.ref.collection},
                     {"id", resource.ref.id},
                     {"body", resource.body},
                     {"policy", wire::to_string(resource.policy)},
                     {"origin", wire::to_string(resource.origin)},
                     {"generation", wire::encode(resource.generation)},
                     {"revision", resource.revision},
                     {"schema_version", resource.schema_version},
                     {"state", resource.state},
                     {"observed_at", resource.observed_at},
                     {"compliance", wire::encode(resource.compliance)},
                     {"removing", resource.removing}};
    wire::put_relations(out, resource.relations);
    return out;
}

Result<Resource> decode_resource(const json::Value& value) {
    Resource resource;
    resource.ref = {value.string_or("collection"), value.string_or("id")};
    if (resource.ref.collection.empty()) {
        return fail(Errc::corrupt, "a resource's record has no collection");
    }
    resource.body = static_cast<std::uint64_t>(value.integer_or("body"));
    resource.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    resource.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    if (!value["generation"].is_null()) {
        resource.generation = EK_TRY(wire::decode_generation(value["generation"]));
    }
    resource.revision = static_cast<std::uint64_t>(value.integer_or("revision"));
    resource.schema_version = static_cast<std::uint32_t>(value.integer_or("schema_version"));
    resource.state = value["state"];
    resource.observed_at = value.string_or("observed_at");
    resource.compliance = EK_TRY(wire::decode_compliance(value["compliance"]));
    resource.removing = value.bool_or("removing");
    resource.relations = EK_TRY(wire::decode_relations(value));
    return resource;
}

}  // namespace evenkeel::state
