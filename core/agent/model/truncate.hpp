#pragma once

#include <cstddef>
#include <string>

namespace evenkeel::json {
class Value;
}

namespace evenkeel::agent {

// Room that is left in a bus message for the data of an event or the result of a reply.
inline constexpr std::size_t kDataBytesMost = 704 * 1024;

// The JSON text of `data`, which is cut down until it has at most `most` bytes, as
// docs/bus-protocol.md orders it: first the diffs of changes, then the states of resources, then
// the changes; sets "truncated". The outcome of a command that is still too large becomes a failure
// that says so; anything else stays too large. What fits, as nearly all does, is written once.
std::string write_truncated(json::Value& data, std::size_t most = kDataBytesMost);

}  // namespace evenkeel::agent
