#include "orchestrator/http/head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "orchestrator/http/header_values.hpp"
#include "orchestrator/http/target.hpp"

namespace evenkeel::http {

namespace {

namespace beast = boost::beast;

using Parser = beast::http::request_parser<beast::http::empty_body>;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

bool is_request_id(std::string_view text) {
    constexpr std::string_view kAllowed =
        "._-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

void read_fields(const Parser& parser, Request& request) {
    for (const auto& field : parser.get().base()) {
        std::string name = to_lower(view(field.name_string()));
        const std::string_view value = trim(view(field.value()));
        const auto [at, is_new] = request.headers.emplace(std::move(name), value);
        if (!is_new) at->second.append(", ").append(value);
    }
}

std::string bearer(const std::string& authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (to_lower(authorization.substr(0, kScheme.size())) != kScheme) return "";
    return std::string(trim(std::string_view(authorization).substr(kScheme.size())));
}

void interpret_fields(unsigned version, Head& out) {
    Request& request = out.request;
    if (const std::string* id = request.header("x-request-id"); id && is_request_id(*id)) {
        request.request_id = *id;
    }
    if (const std::string* value = request.header("authorization")) {
        request.token = bearer(*value);
    }
    const std::string* connection = request.header("connection");
    out.keep_alive = version == 11 && !(connection && has_token(*connection, "close"));
    out.expects_continue = version == 11 && request.header("expect");
    if (const std::string* length = request.header("content-length")) {
        out.body_bytes = parse_number(*length).value_or(0);
    }
}

}  // namespace

std::optional<Problem> read_head(std::string_view head, const HeadLimits& limits, Head& out) {
    out.request.request_id = make_id("req");
    if (auto problem = check_head(head, limits)) return problem;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
    parser.body_limit(boost::none);
    parser.skip(true);
    beast::error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error || !parser.is_header_done()) {
        return Problem{Code::bad_request, "the header does not read: " + error.message()};
    }
    Request& request = out.request;
    request.method = view(parser.get().method_string());
    read_fields(parser, request);
    interpret_fields(parser.get().version(), out);
    out.is_head = request.method == "HEAD";
    if (out.is_head) request.method = "GET";
    return read_target(view(parser.get().target()), request);
}

}  // namespace evenkeel::http
