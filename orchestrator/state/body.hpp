#pragma once

#include <cstdint>

#include "core/json/json.hpp"
#include "core/json/text.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::state {

// What a resource was described as, or what an action is called with: the large part of a resource
// and of a command, which both refer to by its number. Written once and never changed.
struct Body {
    wire::Ref ref;
    wire::Generation generation;  // of the description; empty for a local one
    json::Value description;      // as secrets::Protector::seal made it; null for an action's
    std::string arguments;        // of an action: sealed JSON text; else empty
    // What was described with it, for a history of descriptions.
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    wire::Origin origin = wire::Origin::orchestrator;
    std::uint32_t schema_version = 0;
    std::string written_at;  // RFC 3339
};
json::Text encode(const Body& body);
Result<Body> decode_body(const json::Value& value);

}  // namespace evenkeel::state
