#pragma once

#include "core/base/result.hpp"

namespace evenkeel::tool {

// The exit codes of ek-plugin, those of ek where the meaning is the same (docs/cli.md).
enum class Exit {
    done = 0,
    failed = 1,
    usage = 2,    // the command line, or a file that it names
    pending = 3,  // call plan: changes would be made
    not_found = 5,
    conflict = 6,  // the state of the thing forbids it
    timeout = 8,
    interrupted = 130,
};

Exit exit_of(Errc code);

// Says the error on standard error, safe for a terminal.
Exit fail_with(const Error& error);
// The same with a code of its own.
Exit fail_with(const Error& error, Exit exit);

}  // namespace evenkeel::tool
