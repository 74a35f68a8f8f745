#pragma once

#include <string>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"

namespace evenkeel::plans {
struct EditAnswer;
}

// Every edit that touches hosts is a plan that is applied at once, and kept.
namespace evenkeel::api {

// Of an edit, what its plan says of it.
struct EditAsPlan {
    std::string author;
    json::Array changes;  // as they are shown
};
EditAsPlan as_plan(const secrets::Protector& protector, const http::Request& request);
// Keeps it in the transaction of the edit. The id of the plan; empty when nothing is done to hosts.
// [lane]
Result<std::string> keep_applied(state::Edit& edit, const EditAsPlan& made,
                                 const plans::EditAnswer& answer);

// Sends the answer, with `Prefer: wait` once the connected hosts of the plan in its header `Plan`
// are done. [loop]
void send_when_done(const Context& context, const http::Request& request,
                    const std::shared_ptr<http::Responder>& responder, http::Reply reply);

}  // namespace evenkeel::api
