#pragma once

#include "sdk/client/cpp/client.hpp"

namespace evenkeel::cli {

// The exit codes of ek: a promise to scripts, written down in docs/cli.md.
enum class Exit {
    done = 0,
    failed = 1,
    usage = 2,            // the command line, the environment or a context is wrong
    pending = 3,          // diff and plan --exit-code: changes would be made
    unauthenticated = 4,  // no token, or one that is not accepted
    not_found = 5,
    conflict = 6,      // the state of the thing forbids it
    hosts_failed = 7,  // of several hosts some failed, or a host did not answer
    timeout = 8,
    no_host = 9,    // a pattern matched no host
    restored = 10,  // audit --verify: the store was restored from a backup before the pin
    interrupted = 130,
};

Exit exit_of(const client::Failure& failure);
// Of a finished command.
Exit exit_of(const client::Command& command);

}  // namespace evenkeel::cli
