#pragma once

#include <cstdlib>

namespace evenkeel::test {

// Whether this run of a test program is the one in which each batch of works runs twice
// (store::Writer::Options::rehearses), so that a work that does not bear it fails its tests.
inline bool rehearses() {
    return std::getenv("EK_TEST_REHEARSES") != nullptr;
}

}  // namespace evenkeel::test
