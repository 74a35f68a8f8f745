#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

// The local socket carries the requests and replies of the bus, one in each line. The limit is
// higher than on the bus, because only root can connect. An answer may also be a stream: a line for
// each item, and then the reply with the rest.
namespace evenkeel::agent {

inline constexpr std::size_t kLocalBytesMost = 16 << 20;

Result<wire::Request> decode_local_request(std::string_view line);

// An answer in lines, made while the client takes them: gives the next ones, each with its end, and
// nothing after the last. The last line is the reply.
using Lines = std::function<std::string()>;
// The "type" of the lines before it.
inline constexpr const char* kLocalItem = "item";

// One line of an answer.
struct LocalLine {
    std::optional<wire::Reply> reply;
    json::Value item;  // an object, where it is no reply
};
Result<LocalLine> decode_local_line(std::string_view line);

// How a request is answered: by either of them, once. Where `stream` is empty no client takes a
// stream.
struct LocalAnswer {
    std::function<void(wire::Reply)> reply;
    std::function<void(Lines)> stream = {};
};

}  // namespace evenkeel::agent
