#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "orchestrator/http/head.hpp"
#include "orchestrator/http/header_values.hpp"

// Every check reads the raw text, so that it does not depend on how a parser normalizes it.
namespace evenkeel::http {

namespace {

constexpr std::size_t kFieldsMax = 128;

// Fields that are ambiguous when they occur twice.
constexpr std::array<std::string_view, 9> kSingle = {
    "host",     "content-length", "content-type", "authorization", "expect",
    "if-range", "last-event-id",  "x-request-id", "range",
};

Problem bad(std::string detail) {
    return {Code::bad_request, std::move(detail)};
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

std::optional<Problem> check_request_line(std::string_view line, const HeadLimits& limits) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return bad("the request line is not a method, a target and a version");
    }
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (first > 32 || !is_token(line.substr(0, first))) return bad("the method is not a token");
    if (target.size() > limits.target_bytes_max) {
        return Problem{Code::uri_too_long, "the request target is longer than " +
                                               std::to_string(limits.target_bytes_max) + " bytes"};
    }
    if (target.empty() || target.find_first_of(" \t") != std::string_view::npos) {
        return bad("the request target holds a space");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("the version is not HTTP/1.1");
    return std::nullopt;
}

std::optional<Problem> check_host(std::string_view value) {
    const bool ok = !value.empty() && value.find_first_of(", \t/\\@?#") == std::string_view::npos;
    return ok ? std::nullopt : std::optional(bad("the Host header does not name one host"));
}

std::optional<Problem> check_length(std::string_view value, const HeadLimits& limits) {
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) {
        return bad("the Content-Length is not a decimal number");
    }
    const Result<std::uint64_t> bytes = parse_number(value);
    if (!bytes || *bytes > limits.body_bytes_max) {
        return Problem{Code::too_large, "the body is larger than " +
                                            std::to_string(limits.body_bytes_max) + " bytes"};
    }
    return std::nullopt;
}

std::optional<Problem> check_field(const std::string& name, std::string_view value,
                                   const HeadLimits& limits) {
    if (name == "host") return check_host(value);
    if (name == "content-length") return check_length(value, limits);
    if (name == "transfer-encoding") {
        return Problem{Code::length_required,
                       "send the body with a Content-Length; Transfer-Encoding is not taken"};
    }
    if (name == "expect" && to_lower(value) != "100-continue") {
        return bad("the only expectation that is understood is 100-continue");
    }
    return std::nullopt;
}

// Checks one field line; counts the fields that may occur only once.
std::optional<Problem> check_line(std::string_view line, const HeadLimits& limits,
                                  std::array<int, kSingle.size()>& seen) {
    if (line.front() == ' ' || line.front() == '\t') return bad("a header line is folded");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return bad("a header line has no name that is a token before its colon");
    }
    const std::string name = to_lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_utf8(value)) return bad("the value of the header " + name + " is not UTF-8");
    if (auto problem = check_field(name, value, limits)) return problem;
    const auto single = std::find(kSingle.begin(), kSingle.end(), name);
    if (single == kSingle.end()) return std::nullopt;
    int& count = seen[static_cast<std::size_t>(single - kSingle.begin())];
    return ++count == 1 ? std::nullopt
                        : std::optional(bad("the header " + name + " is there twice"));
}

}  // namespace

std::optional<Problem> check_head(std::string_view head, const HeadLimits& limits) {
    std::array<int, kSingle.size()> seen{};
    for (std::size_t lines = 0;; ++lines) {
        const std::size_t end = head.find('\r');
        if (end == std::string_view::npos || head.substr(end, 2) != "\r\n") {
            return bad("a line of the header does not end in CRLF");
        }
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.empty() && lines > 0) break;
        if (has_control(line)) return bad("the header holds a control character");
        if (lines > kFieldsMax) {
            return Problem{Code::header_too_large,
                           "more than " + std::to_string(kFieldsMax) + " header fields"};
        }
        auto problem =
            lines == 0 ? check_request_line(line, limits) : check_line(line, limits, seen);
        if (problem) return problem;
    }
    if (!head.empty()) return bad("there is something behind the header");
    if (seen[0] != 1) return bad("there is no Host header");
    return std::nullopt;
}

}  // namespace evenkeel::http
