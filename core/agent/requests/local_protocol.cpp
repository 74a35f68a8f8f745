#include "core/agent/requests/local_protocol.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::agent {
namespace {

constexpr std::int64_t kLongestMs = 7LL * 86'400'000;

Result<json::Value> parse(std::string_view line) {
    return json::parse(line, {.bytes = kLocalBytesMost});
}

}  // namespace

Result<wire::Request> decode_local_request(std::string_view line) {
    const json::Value value = EK_TRY(parse(line));
    if (value.string_or("type") != "request") return fail(Errc::invalid, "not a request");
    wire::Request request;
    request.verb = OpenName<wire::RequestVerb>(value.string_or("verb"));
    request.timeout = std::chrono::milliseconds(
        std::clamp<std::int64_t>(value.integer_or("timeout_ms", 60'000), 1, kLongestMs));
    request.arguments = value["arguments"];
    return request;
}

Result<LocalLine> decode_local_line(std::string_view line) {
    json::Value value = EK_TRY(parse(line));
    const std::string type = value.string_or("type");
    LocalLine decoded;
    if (type == kLocalItem) {
        value.as_object().erase("type");
        decoded.item = std::move(value);
        return decoded;
    }
    if (type != "reply") return fail(Errc::invalid, "not a reply");
    decoded.reply.emplace();
    if (value["error"].is_object()) decoded.reply->error = wire::decode_error(value["error"]);
    decoded.reply->result = value["result"];
    return decoded;
}

}  // namespace evenkeel::agent
