#pragma once

#include <functional>
#include <optional>
#include <string>

#include <evenkeel/plugin.hpp>
#include <sys/types.h>

namespace evenkeel::packages {

// The process that holds the lock `path` (an fcntl lock); nothing if it is free. Never takes the
// lock, and writes nothing that a watch of the folder would see.
std::optional<pid_t> lock_holder(const std::string& path);

// The living process whose number is written in `path`; nothing if there is none.
std::optional<pid_t> pid_in(const std::string& path);

// Who is at work on the packages of the machine right now; nothing if nobody is.
using AtWork = std::function<std::optional<pid_t>()>;

// Waits until nobody is at work; throws EK_E_BUSY, naming who it is and `what` he holds, shortly
// before the deadline, EK_E_CANCELLED when cancelled.
void wait_until_free(const sdk::Call& call, const AtWork& at_work, const std::string& what);

}  // namespace evenkeel::packages
