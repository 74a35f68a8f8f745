#pragma once

#include "core/base/fd.hpp"
#include "core/plugin_host/served_plugin.hpp"

namespace evenkeel::plugin_host {

// Serves one channel until its other end is closed: calls one after the other, or one watch. Runs
// on a thread of its own.
void serve_channel(ServedPlugin& plugin, Fd socket, Fd cancel);

}  // namespace evenkeel::plugin_host
