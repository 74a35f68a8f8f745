#pragma once

#include <chrono>
#include <string>

#include "core/base/result.hpp"
#include "core/link/message.hpp"
#include "core/link/remote.hpp"

namespace evenkeel::link {

// One question and its answer over a connection of its own, with a dynamic reply address: what
// enrolment needs. Blocks the calling thread, at most `timeout` plus a name look-up. `denied` when
// the peer refuses us, fails verification or rejects the message; `unavailable` when it is not
// there; `timeout`; `limit` when the body is too large. [lane]
Result<Message> request_once(const Remote& remote, const std::string& address, Message message,
                             std::chrono::milliseconds timeout);

}  // namespace evenkeel::link
