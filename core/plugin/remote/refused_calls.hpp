#pragma once

#include <optional>
#include <string>

namespace evenkeel::plugin {

// Takes one system call that a plugin's sandbox holds up from `notifications` (seccomp's), lets it
// fail with EPERM, and says which permission it would have needed: "spawn". Nothing when there was
// none. Does not block when the descriptor is readable.
std::optional<std::string> refuse_call(int notifications);

}  // namespace evenkeel::plugin
