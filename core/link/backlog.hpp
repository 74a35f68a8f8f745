#pragma once

#include <cstdint>

namespace evenkeel::link {

// Proton listens with a backlog of 16, which overflows when a few dozen agents reconnect together.
// Linux accepts a second listen() on the same socket, so this raises the backlog of every socket of
// this process that listens on `port`. Returns how many there were. [any]
int raise_backlog(std::uint16_t port, int backlog);

}  // namespace evenkeel::link
