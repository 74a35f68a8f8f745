#pragma once

#include "core/base/result.hpp"

namespace evenkeel {

// Whether what has failed so may succeed another time, and is worth trying again: a service that is
// not there yet, a machine that is slow or short of something.
inline bool may_pass(Errc code) {
    return code == Errc::unavailable || code == Errc::timeout || code == Errc::busy ||
           code == Errc::limit;
}

}  // namespace evenkeel
