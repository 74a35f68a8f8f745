#pragma once

#include <chrono>
#include <string>

#include "core/base/result.hpp"
#include "core/link/message.hpp"
#include "core/link/remote.hpp"

namespace evenkeel::link {

// Sends one request and waits for its reply, over a connection of its own with a dynamic reply
// address. For enrolment. Blocks the calling thread, at most `timeout` plus a name look-up.
// `denied` when the peer refuses us, fails verification or rejects the message; `unavailable` when
// it cannot be reached; `timeout`; `limit` when the body is too large. [lane]
Result<Message> request_once(const Remote& remote, const std::string& address, Message message,
                             std::chrono::milliseconds timeout);

}  // namespace evenkeel::link
