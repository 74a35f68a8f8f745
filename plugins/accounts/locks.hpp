#pragma once

#include <optional>
#include <string>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::accounts {

// Who is changing the account files below `etc` right now, in words ("process 123 holds
// /etc/passwd.lock"); nothing if nobody is. A lock whose process is gone holds nobody up. [any]
std::optional<std::string> lock_holder(const std::string& etc = "/etc");

// Waits until nobody is. Throws EK_E_BUSY shortly before the call's deadline. [worker]
void wait_for_locks(const sdk::Call& call, const std::string& etc = "/etc");

// Sleeps for `ms`; throws EK_E_BUSY with `why` when the call has no more time to wait.
void wait_before_retry(const sdk::Call& call, const std::string& why, int ms);

}  // namespace evenkeel::accounts
