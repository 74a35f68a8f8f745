#pragma once

#include <string>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

namespace evenkeel::plugin {

// A started process and our ends of what it was given.
struct Spawned {
    pid_t pid = -1;
    Fd pidfd;    // readable once it has ended
    Fd control;  // its descriptor 3
    Fd output;   // of its 1 and 2; non-blocking. Its 0 is /dev/null
};

// Starts `program` for the plugin `name` in a session of its own, with no other descriptors, hardly
// any environment and default signals. It may ask to die with its parent: the thread that starts it
// lives as long as this process. `unsupported` when the program cannot be started, `limit` or
// `busy` when this process or the machine has too much of something. Blocks. [any]
Result<Spawned> spawn(const std::string& program, const std::string& name);

}  // namespace evenkeel::plugin
