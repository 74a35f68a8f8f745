#pragma once

#include <functional>
#include <string>

namespace evenkeel::plugin {

// Takes one system call that a plugin's sandbox holds up from `notifications` (seccomp's), tells
// which permission it would have needed ("spawn"), and lets it fail with EPERM. False when there
// was none. Does not wait for one.
bool refuse_call(int notifications, const std::function<void(const std::string&)>& tell);

}  // namespace evenkeel::plugin
