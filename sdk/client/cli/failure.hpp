#pragma once

#include <string>
#include <utility>

#include "sdk/client/cpp/result.hpp"

namespace evenkeel::cli {

// What is wrong here, and not at the orchestrator.
inline client::Failure local(std::string why) {
    return {.kind = client::Kind::local, .detail = std::move(why)};
}

}  // namespace evenkeel::cli
