#pragma once

#include <string>
#include <vector>

#include "core/wire/capabilities.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/commands/describe.hpp"

// Decodes descriptions from clients: checks them against the schema that the host reported, and
// reports every wrong field at once. Each record is read once and passed on. [loop]
namespace evenkeel::state {
struct Body;
}

namespace evenkeel::api {

// What the host reported of a collection.
struct CollectionSchema {
    state::SchemaCache::Pointer schema;    // null while it has not come
    std::uint32_t version = 0;             // 0 = not reported
    wire::Capabilities capabilities = {};  // none: not reported
};
// `unknown-collection`, naming those that the host has.
http::Problem unknown_collection(const state::View& view, const state::Host& host,
                                 const std::string& name);
// What the host reports of it, or `unknown-collection`.
ApiResult<CollectionSchema> find_collection(const Context& context, const state::View& view,
                                            const state::Host& host, const std::string& name);
// `unknown-collection`, or `invalid-id` naming the canonical id. A host that never connected has
// reported no schema, so any reference is accepted.
ApiResult<CollectionSchema> check_ref(const Context& context, const state::View& view,
                                      const state::Host& host, const wire::Ref& ref);

// The described resource, if there is one. It is found, and can be dropped, although the host does
// not report its collection any more; for what is not described see check_ref.
ApiResult<std::optional<state::Resource>> find_described(const Context& context,
                                                         const state::View& view,
                                                         const state::Host& host,
                                                         const wire::Ref& ref);

// PUT's body: {"description":{...},"policy":...,"requires":[...],"notifies":[...]}, for what is
// described as `before`. Its relations are checked unless it is `one_of_several`: other changes may
// describe what it relates to.
ApiResult<commands::DescriptionRequest> read_description_request(
    const Context& context, const state::View& view, const state::Host& host, const wire::Ref& ref,
    const CollectionSchema& collection, const std::optional<state::Resource>& before,
    const http::Request& request, bool one_of_several = false);

// What the resource `ref` was described as in `body`, checked as if it were requested now.
// `invalid-state` where that had a secret which only the host knew.
ApiResult<commands::DescriptionRequest> repeat_description(const Context& context,
                                                           const state::View& view,
                                                           const state::Host& host,
                                                           const CollectionSchema& collection,
                                                           const state::Body& body);

// The agent's FILE: {"resources":[{"collection","id" and what PUT takes}...]}, in the order of the
// work.
ApiResult<std::vector<commands::DescriptionRequest>> read_file(const Context& context,
                                                               const state::View& view,
                                                               const state::Host& host,
                                                               const http::Request& request);

}  // namespace evenkeel::api
