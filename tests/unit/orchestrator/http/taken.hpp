#pragma once

#include <string>

#include "orchestrator/http/stream.hpp"

namespace evenkeel::http {

// What a connection would write now.
inline std::string taken(Stream& stream) {
    std::string text;
    for (const Frame& frame : stream.take()) text += *frame;
    return text;
}

}  // namespace evenkeel::http
