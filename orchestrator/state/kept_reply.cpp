#include "orchestrator/state/kept_reply.hpp"

namespace evenkeel::state {

json::Value encode(const KeptReply& reply) {
    json::Array headers;
    for (const auto& [name, value] : reply.headers) headers.push_back(json::Array{name, value});
    return json::Object{{"request_sha256", reply.request_sha256},
                        {"at_ms", reply.at_ms},
                        {"status", reply.status},
                        {"content_type", reply.content_type},
                        {"body", reply.body},
                        {"headers", std::move(headers)}};
}

Result<KeptReply> decode_kept_reply(const json::Value& value) {
    KeptReply reply;
    reply.request_sha256 = value.string_or("request_sha256");
    reply.at_ms = value.integer_or("at_ms");
    reply.status = static_cast<int>(value.integer_or("status"));
    reply.content_type = value.string_or("content_type");
    reply.body = value.string_or("body");
    if (reply.status == 0 || !value["headers"].is_array()) {
        return fail(Errc::corrupt, "a kept reply does not read");
    }
    for (const json::Value& header : value["headers"].as_array()) {
        if (!header.is_array() || header.as_array().size() != 2) continue;
        const auto& pair = header.as_array();
        if (!pair[0].is_string() || !pair[1].is_string()) continue;
        reply.headers.emplace_back(pair[0].as_string(), pair[1].as_string());
    }
    return reply;
}

}  // namespace evenkeel::state
