#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

// The local socket speaks the requests and replies of the bus, one a line, with more room: only
// root is at the other end.
namespace evenkeel::agent {

inline constexpr std::size_t kLocalBytesMost = 16 << 20;

Result<wire::Request> decode_local_request(std::string_view line);
Result<wire::Reply> decode_local_reply(std::string_view line);

}  // namespace evenkeel::agent
