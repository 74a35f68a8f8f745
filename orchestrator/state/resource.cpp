#include "orchestrator/state/resource.hpp"

#include "core/wire/fields.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/record_text.hpp"

namespace evenkeel::state {

bool fits(const wire::Ref& ref) {
    return is_collection_name(ref.collection) && !ref.id.empty() && ref.id.size() <= 4096 &&
           ref.id.find('\0') == std::string::npos;
}

json::Text encode(const Resource& resource) {
    json::Text out;
    out.open_object();
    out.member("collection", resource.ref.collection);
    out.member("id", resource.ref.id);
    out.member("body", resource.body);
    out.member("policy", wire::to_string(resource.policy));
    out.member("origin", wire::to_string(resource.origin));
    write_generation(resource.generation, out);
    out.member("revision", resource.revision);
    out.member("schema_version", resource.schema_version);
    out.member("state", resource.state);
    out.member("observed_at", resource.observed_at);
    out.name("compliance");
    json::write_shape(resource.compliance, out);
    out.member("removing", resource.removing);
    write_relations(resource.relations, out);
    if (!resource.description_mac.empty()) {
        out.member("description_mac", resource.description_mac);
    }
    if (!resource.owners.empty()) out.member("owners", encode(resource.owners));
    if (resource.overrides) out.member("overrides", true);
    out.close_object();
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
    resource.description_mac = value.string_or("description_mac");
    resource.owners = EK_TRY(decode_owners(value["owners"]));
    resource.overrides = value.bool_or("overrides");
    return resource;
}

}  // namespace evenkeel::state
