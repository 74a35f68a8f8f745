#pragma once

#include <functional>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"

namespace evenkeel::plans {
struct Moment;
}

namespace evenkeel::api {

// A handler that only reads, what takes compiling hosts: like reading(), but `read` is called on
// the thread of plans::Reader. `unavailable` when too many wait for it.
using ReadCompiled = std::function<ReplyResult(const plans::Moment&, const http::Request&)>;
http::Handler reading_compiled(Context& context, ReadCompiled read);

}  // namespace evenkeel::api
