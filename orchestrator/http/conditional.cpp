#include "orchestrator/http/conditional.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "orchestrator/http/header_values.hpp"

namespace evenkeel::http {

namespace {

// Whether the list of entity tags names `etag`. Our ETags contain no comma. They are strong, so a
// weak one in the list matches only in a weak comparison.
bool names(std::string_view list, std::string_view etag, bool weak) {
    for (std::string_view item : list_items(list)) {
        if (item == "*") return !etag.empty();
        if (weak && item.substr(0, 2) == "W/") item.remove_prefix(2);
        if (!etag.empty() && item == etag) return true;
    }
    return false;
}

Problem failed(std::string_view etag, std::string detail) {
    Problem problem{Code::precondition_failed, std::move(detail)};
    if (!etag.empty()) problem.headers.emplace_back("ETag", etag);
    return problem;
}

}  // namespace

std::string etag_of(std::uint64_t revision) {
    return '"' + std::to_string(revision) + '"';
}

std::optional<Reply> not_modified(const Request& request, std::string_view etag) {
    const std::string* wanted = request.header("if-none-match");
    if (!wanted || !names(*wanted, etag, true)) return std::nullopt;
    return Reply::empty(304).with("ETag", std::string(etag));
}

std::optional<Problem> check_preconditions(const Request& request, std::string_view etag) {
    const std::string* match = request.header("if-match");
    if (match && !names(*match, etag, false)) {
        return failed(etag, etag.empty() ? "If-Match was sent, and there is no such resource"
                                         : "If-Match does not name the current ETag");
    }
    const std::string* none = request.header("if-none-match");
    if (none && names(*none, etag, true)) {
        return failed(etag, "If-None-Match was sent, and the resource is there");
    }
    return std::nullopt;
}

std::optional<std::chrono::seconds> preferred_wait(const Request& request) {
    const std::string* prefer = request.header("prefer");
    if (!prefer) return std::nullopt;
    for (std::string_view item : list_items(*prefer)) {
        item = item.substr(0, item.find(';'));
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) continue;
        if (to_lower(trim(item.substr(0, equals))) != "wait") continue;
        const Result<std::uint64_t> seconds = parse_number(trim(item.substr(equals + 1)));
        if (!seconds || *seconds == 0) return std::nullopt;
        return std::chrono::seconds(std::min<std::uint64_t>(*seconds, 60));
    }
    return std::nullopt;
}

}  // namespace evenkeel::http
