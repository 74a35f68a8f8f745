#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::state {

// Whether it can name a resource: a collection that is_collection_name(), an id of at most 4,096
// bytes without NUL. What comes from hosts and clients is asked this first.
bool fits(const wire::Ref& ref);

// One described resource of a host.
struct Resource {
    wire::Ref ref;
    json::Value description;  // as secrets::Protector::seal made it
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    wire::Origin origin = wire::Origin::orchestrator;
    wire::Generation generation;
    std::uint64_t revision = 0;        // when description or compliance last changed: the ETag
    std::uint32_t schema_version = 0;  // of the schema that it was checked against; 0 = none
    json::Value state;                 // null while absent or not known
    std::string observed_at;           // RFC 3339; empty = never
    wire::Compliance compliance;
    bool removing = false;  // deleted by the administrator, not yet gone from the machine
};
json::Value encode(const Resource& resource);
Result<Resource> decode_resource(const json::Value& value);

}  // namespace evenkeel::state
