#pragma once

#include <string>
#include <vector>

#include "orchestrator/api/body.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/commands/describe.hpp"

// Turns what clients describe into wishes: every wrong field is told at once, against the schema
// that the host reported. [loop]
namespace evenkeel::api {

// `unknown-collection`, or `invalid-id` naming the canonical id. A host that never connected has
// told nothing yet and accepts any.
ApiResult<state::Schemas::Pointer> check_ref(const Context& context, const state::View& view,
                                             const state::Host& host, const wire::Ref& ref);

// The same for what may be described already: that is found and can be dropped although the host
// does not report its collection any more.
ApiResult<state::Schemas::Pointer> check_described(const Context& context, const state::View& view,
                                                   const state::Host& host, const wire::Ref& ref);

// PUT's body: {"description":{...},"policy":...,"requires":[...],"notifies":[...]}.
ApiResult<commands::DescriptionRequest> read_description_request(const Context& context,
                                                                 const state::View& view,
                                                                 const state::Host& host,
                                                                 const wire::Ref& ref,
                                                                 const json::Value& body);

// The agent's FILE: {"resources":[{"collection","id" and what PUT takes}...]}, in the order of the
// work.
ApiResult<std::vector<commands::DescriptionRequest>> read_file(const Context& context,
                                                               const state::View& view,
                                                               const state::Host& host,
                                                               const json::Value& body);

// The id as it would be canonical, if it is one; else empty.
std::string canonical_id(const schema::Schema& schema, std::string_view id);

}  // namespace evenkeel::api
