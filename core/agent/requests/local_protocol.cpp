#include "core/agent/requests/local_protocol.hpp"

#include <algorithm>

namespace evenkeel::agent {
namespace {

constexpr std::int64_t kLongestMs = 7LL * 86'400'000;

Result<json::Value> gate(std::string_view line, std::string_view type) {
    json::Value value = EK_TRY(json::parse(line, {.bytes = kLocalBytesMost}));
    if (value.string_or("type") != type) {
        return fail(Errc::invalid, "not a " + std::string(type));
    }
    return value;
}

}  // namespace

Result<wire::Request> decode_local_request(std::string_view line) {
    const json::Value value = EK_TRY(gate(line, "request"));
    wire::Request request;
    request.verb = OpenName<wire::RequestVerb>(value.string_or("verb"));
    request.timeout = std::chrono::milliseconds(
        std::clamp<std::int64_t>(value.integer_or("timeout_ms", 60'000), 1, kLongestMs));
    request.arguments = value["arguments"];
    return request;
}

Result<wire::Reply> decode_local_reply(std::string_view line) {
    const json::Value value = EK_TRY(gate(line, "reply"));
    wire::Reply reply;
    if (value["error"].is_object()) reply.error = wire::decode_error(value["error"]);
    reply.result = value["result"];
    return reply;
}

}  // namespace evenkeel::agent
