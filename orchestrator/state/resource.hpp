#pragma once

#include <cstdint>

#include "core/json/json.hpp"
#include "core/json/text.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/state/owner.hpp"

namespace evenkeel::state {

// Whether it can name a resource: a collection that is_collection_name(), an id of at most 4,096
// bytes without NUL. References from hosts and clients are checked by it first.
bool fits(const wire::Ref& ref);

// One described resource of a host: what is desired, and what was observed last. The description
// itself is a body of its own, so that an observation does not write it again.
struct Resource {
    wire::Ref ref;
    std::uint64_t revision = 0;  // when description or compliance last changed: the ETag

    // Desired.
    std::uint64_t body = 0;  // number of the description, see state/bodies.hpp
    // A keyed code of the whole description (commands::prepare), to see without opening it that
    // another one differs; empty where it was written by a program without it, or by the host.
    std::string description_mac;
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    wire::Origin origin = wire::Origin::orchestrator;
    wire::Generation generation;
    std::uint32_t schema_version = 0;  // of the schema that it was checked against; 0 = none
    bool removing = false;  // deleted by the administrator, not yet gone from the machine
    // The assignments that it comes from, by name; empty where it was described directly. With
    // `overrides` what is desired was described directly all the same, and outweighs theirs.
    std::vector<Owner> owners = {};
    bool overrides = false;

    // Observed.
    json::Value state;        // null while absent or not known
    std::string observed_at;  // RFC 3339; empty = never
    wire::Compliance compliance;
};
json::Text encode(const Resource& resource);
Result<Resource> decode_resource(const json::Value& value);

}  // namespace evenkeel::state
