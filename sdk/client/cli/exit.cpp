#include "sdk/client/cli/exit.hpp"

namespace evenkeel::cli {

Exit exit_of(const client::Failure& failure) {
    switch (failure.kind) {
        case client::Kind::timeout:
            return Exit::timeout;
        case client::Kind::cancelled:
            return Exit::interrupted;
        case client::Kind::problem:
            break;
        default:
            return Exit::failed;
    }
    // A host that is not there to be asked did not answer; the other conflicts are about state.
    if (failure.code == "host-offline") return Exit::hosts_failed;
    if (failure.code == "no-targets") return Exit::no_host;
    switch (failure.status) {
        case 401:
            return Exit::unauthenticated;
        case 404:
            return Exit::not_found;
        case 409:
        case 412:
            return Exit::conflict;
        default:
            return Exit::failed;
    }
}

Exit exit_of(const client::Command& command) {
    if (!command.finished() || command.succeeded()) return Exit::done;
    return command.state == "superseded" ? Exit::conflict : Exit::failed;
}

}  // namespace evenkeel::cli
