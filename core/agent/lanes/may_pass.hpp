#pragma once

#include "core/base/result.hpp"

namespace evenkeel::agent {

// Whether the same may succeed another time: a bus that is not there yet, a machine that is short
// of something.
inline bool may_pass(Errc code) {
    return code == Errc::unavailable || code == Errc::timeout || code == Errc::busy ||
           code == Errc::limit;
}

}  // namespace evenkeel::agent
