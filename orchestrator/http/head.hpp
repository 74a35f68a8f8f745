#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"

// Parses the bytes of a request's header into a Request without body. [any]
namespace evenkeel::http {

struct HeadLimits {
    std::size_t target_bytes_max = 8 * 1024;
    std::size_t body_bytes_max = 8 * 1024 * 1024;
};

struct Head {
    Request request;  // without body and peer
    bool is_head = false;
    bool keep_alive = true;
    bool expects_continue = false;
    std::size_t body_bytes = 0;
};

// Refuses, before the parser runs, what intermediaries may read differently (Beast 1.81 accepts
// most of it; request smuggling): anything but one request line and field lines that end in CRLF,
// folded lines, not exactly one Host, a second or unclear Content-Length, a repeated field that may
// occur only once, and every Transfer-Encoding, which gets 411. `head` is everything up to the
// empty line, that one included. Returns nothing when the header is allowed.
std::optional<Problem> check_head(std::string_view head, const HeadLimits& limits);

// check_head(), then Beast's parser, then the target. Sets the request id first of all, so that the
// problem can carry it. On a problem the connection cannot go on.
std::optional<Problem> read_head(std::string_view head, const HeadLimits& limits, Head& out);

}  // namespace evenkeel::http
