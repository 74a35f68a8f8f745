#pragma once

#include <utility>
#include <vector>

#include "core/json/json.hpp"

namespace evenkeel::state {

// What was answered to a request with an Idempotency-Key, to be answered again when it comes again.
struct KeptReply {
    std::string request_sha256;  // of what was asked for: another request gets no answer from it
    std::int64_t at_ms = 0;      // by SteadyClock
    int status = 0;
    std::string content_type;
    std::string body;  // sealed: it may hold a secret that is shown once
    std::vector<std::pair<std::string, std::string>> headers;
};
json::Value encode(const KeptReply& reply);
Result<KeptReply> decode_kept_reply(const json::Value& value);

}  // namespace evenkeel::state
