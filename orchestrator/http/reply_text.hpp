#pragma once

#include <string>
#include <string_view>

#include "orchestrator/http/message.hpp"

// Formats replies as bytes of HTTP/1.1. [any]
namespace evenkeel::http {

struct ReplyContext {
    std::string_view request_id;
    bool without_body = false;  // the answer to a HEAD
    bool keep_alive = true;
    bool secure = false;  // over TLS: adds Strict-Transport-Security
};

// The head, behind which the body that is left in `reply` is to be sent: none for a HEAD. So a
// large body is not copied. A reply with a header that cannot be sent becomes a 500 without it.
std::string head_of(Reply& reply, const ReplyContext& context);
// Head and body in one text.
std::string to_text(Reply reply, const ReplyContext& context);

// The head of an event stream, which ends with the connection, and its first bytes.
std::string stream_head(const ReplyContext& context);

}  // namespace evenkeel::http
