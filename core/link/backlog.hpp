#pragma once

#include <cstdint>

namespace evenkeel::link {

// Proton listens with a backlog of 16, which a few dozen agents that come back together overflow.
// Linux takes a second listen() on the same socket: raises the backlog of every socket of this
// process that listens on `port`. Returns how many there were. [any]
int raise_backlog(std::uint16_t port, int backlog);

}  // namespace evenkeel::link
