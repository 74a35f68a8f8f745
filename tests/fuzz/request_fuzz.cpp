#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/text.hpp"
#include "orchestrator/http/head.hpp"
#include "orchestrator/http/header_values.hpp"
#include "orchestrator/http/target.hpp"

// A request's header, and its target alone: what was let in keeps what the types promise.
namespace {

void demand(bool holds) {
    if (!holds) std::abort();
}

void check(const evenkeel::http::Request& request) {
    demand(!request.target.empty() && request.target.front() == '/');
    demand(!request.segments.empty() && request.segments.size() == request.raw_segments.size());
    for (const std::string& segment : request.segments) {
        demand(evenkeel::is_utf8(segment) && segment.find('\0') == std::string::npos);
    }
    demand(request.verb.empty() || request.method == "POST");
    demand(!request.parameter("token"));
    for (const auto& [name, value] : request.query) {
        demand(evenkeel::is_utf8(name) && evenkeel::is_utf8(value));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel::http;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const HeadLimits limits;
    Head head;
    if (!read_head(text, limits, head)) {
        check(head.request);
        demand(is_token(head.request.method) && head.request.method != "HEAD");
        demand(head.body_bytes <= limits.body_bytes_max);
        demand(head.request.header("host") && !head.request.header("transfer-encoding"));
    }
    demand(!head.request.request_id.empty() && head.request.request_id.size() <= 64);
    Request request;
    request.method = size % 2 == 0 ? "GET" : "POST";
    if (!read_target(text.substr(0, text.find('\n')), request)) check(request);
    return 0;
}
