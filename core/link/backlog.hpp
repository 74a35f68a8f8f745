#pragma once

#include <cstdint>
#include <vector>

namespace evenkeel::link {

// The sockets of this process that listen on `port`. [any]
std::vector<int> listening_sockets(std::uint16_t port);

// Proton listens with a backlog of 16, which overflows when a few dozen agents reconnect together.
// Linux accepts a second listen() on the same socket, so this raises the backlog of every socket of
// this process that listens on `port`. Returns how many there were. [any]
int raise_backlog(std::uint16_t port, int backlog);

}  // namespace evenkeel::link
