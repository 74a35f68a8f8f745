#pragma once

#include <optional>
#include <string>

#include <evenkeel/plugin.hpp>
#include <sys/types.h>

namespace evenkeel::packages {

// The process that holds dpkg's lock `path` (an fcntl lock); nothing if it is free. Never takes the
// lock, and writes nothing that a watch of the folder would see.
std::optional<pid_t> lock_holder(const std::string& path);

// Waits until the locks of dpkg in `folder` are free; throws EK_E_BUSY, naming the holder, shortly
// before the deadline, EK_E_CANCELLED when cancelled.
void wait_for_locks(const sdk::Call& call, const std::string& folder);

}  // namespace evenkeel::packages
