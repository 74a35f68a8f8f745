#pragma once

#include <string>
#include <utility>

#include "sdk/client/cli/hosts.hpp"

namespace evenkeel::cli {

// What is wrong here, and not at the orchestrator.
inline client::Failure local(std::string why) {
    return {.kind = client::Kind::local, .detail = std::move(why)};
}

// The same, of the command line or the files that it names.
inline client::Failure misused(std::string why) {
    return {.kind = client::Kind::local, .code = kMisused, .detail = std::move(why)};
}

}  // namespace evenkeel::cli
