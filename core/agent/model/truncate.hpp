#pragma once

#include <cstddef>

#include "core/json/json.hpp"

namespace evenkeel::agent {

// Room that is left in a bus message for the data of an event or the result of a reply.
inline constexpr std::size_t kDataBytesMost = 704 * 1024;

// Cuts `data` down until its text has at most `most` bytes, as docs/bus-protocol.md orders it:
// first the diffs of changes, then states, then the changes; sets "truncated". What is still too
// large stays so.
void truncate(json::Value& data, std::size_t most = kDataBytesMost);

}  // namespace evenkeel::agent
