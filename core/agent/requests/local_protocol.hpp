#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

// The local socket carries the requests and replies of the bus, one in each line. The limit is
// higher than on the bus, because only root can connect.
namespace evenkeel::agent {

inline constexpr std::size_t kLocalBytesMost = 16 << 20;

Result<wire::Request> decode_local_request(std::string_view line);
Result<wire::Reply> decode_local_reply(std::string_view line);

}  // namespace evenkeel::agent
