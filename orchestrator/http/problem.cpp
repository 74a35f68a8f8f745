#include "orchestrator/http/problem.hpp"

#include <array>

#include "core/base/log.hpp"

namespace evenkeel::http {

namespace {

struct Row {
    Code code;
    int status;
    std::string_view name;
    std::string_view title;
};

// In the order of the enumeration.
constexpr std::array kTable = {
    Row{Code::bad_request, 400, "bad-request", "The request does not read as HTTP"},
    Row{Code::invalid_json, 400, "invalid-json", "The body is not acceptable JSON"},
    Row{Code::invalid_description, 400, "invalid-description", "The body does not fit its schema"},
    Row{Code::unknown_field, 400, "unknown-field", "The body has a field that is not known"},
    Row{Code::unknown_parameter, 400, "unknown-parameter", "A query parameter is not known"},
    Row{Code::invalid_parameter, 400, "invalid-parameter", "A parameter is not acceptable"},
    Row{Code::invalid_id, 400, "invalid-id", "The id is not in its canonical form"},
    Row{Code::bad_cursor, 400, "bad-cursor", "The cursor does not belong to this list"},
    Row{Code::bad_filter, 400, "bad-filter", "The filter does not read"},
    Row{Code::unauthenticated, 401, "unauthenticated", "A valid token is needed"},
    Row{Code::forbidden, 403, "forbidden", "The token does not permit this"},
    Row{Code::not_found, 404, "not-found", "There is no such thing"},
    Row{Code::unknown_collection, 404, "unknown-collection", "The host has no such collection"},
    Row{Code::method_not_allowed, 405, "method-not-allowed", "The method is not allowed here"},
    Row{Code::not_acceptable, 406, "not-acceptable", "No acceptable media type"},
    Row{Code::request_timeout, 408, "request-timeout", "The request came too slowly"},
    Row{Code::already_exists, 409, "already-exists", "It exists already"},
    Row{Code::invalid_state, 409, "invalid-state", "Its state does not permit this"},
    Row{Code::owned, 409, "owned", "An assignment owns the resource"},
    Row{Code::plan_required, 409, "plan-required", "This must come in a plan"},
    Row{Code::stale_plan, 409, "stale-plan", "The plan does something else by now"},
    Row{Code::approval_required, 409, "approval-required", "Somebody else has to approve the plan"},
    Row{Code::host_offline, 409, "host-offline", "The host is not connected"},
    Row{Code::idempotency_key_busy, 409, "idempotency-key-busy",
        "The first request with this key is in work"},
    Row{Code::gone, 410, "gone", "It is no longer kept"},
    Row{Code::length_required, 411, "length-required", "The body needs a Content-Length"},
    Row{Code::precondition_failed, 412, "precondition-failed", "The precondition does not hold"},
    Row{Code::too_large, 413, "too-large", "The content is too large"},
    Row{Code::uri_too_long, 414, "uri-too-long", "The request target is too long"},
    Row{Code::unsupported_media_type, 415, "unsupported-media-type",
        "The media type is not supported"},
    Row{Code::idempotency_key_reused, 422, "idempotency-key-reused",
        "The key came with another request before"},
    Row{Code::no_targets, 422, "no-targets", "No host is meant"},
    Row{Code::does_not_compile, 422, "does-not-compile", "Hosts would not compile any more"},
    Row{Code::rate_limited, 429, "rate-limited", "Too many requests"},
    Row{Code::header_too_large, 431, "header-too-large", "The header is too large"},
    Row{Code::internal, 500, "internal", "Something failed here"},
    Row{Code::unavailable, 503, "unavailable", "Not available now"},
    Row{Code::store_full, 507, "store-full", "The store is full"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kTable.size(); ++i) {
        if (static_cast<std::size_t>(kTable[i].code) != i) return false;
    }
    return static_cast<std::size_t>(Code::store_full) + 1 == kTable.size();
}
static_assert(in_order());

const Row& row_of(Code code) {
    return kTable[static_cast<std::size_t>(code)];
}

Code code_of(Errc code) {
    switch (code) {
        case Errc::invalid:
            return Code::invalid_description;
        case Errc::not_found:
            return Code::not_found;
        case Errc::conflict:
        case Errc::unsupported:
            return Code::invalid_state;
        case Errc::denied:
            return Code::forbidden;
        case Errc::limit:
            return Code::too_large;
        case Errc::busy:
        case Errc::timeout:
        case Errc::cancelled:
        case Errc::unavailable:
        case Errc::stale:
            return Code::unavailable;
        case Errc::corrupt:
        case Errc::internal:
            break;
    }
    return Code::internal;
}

}  // namespace

std::string_view to_string(Code code) {
    return row_of(code).name;
}

std::optional<ProblemKind> problem_kind(std::string_view code) {
    for (const Row& row : kTable) {
        if (row.name != code) continue;
        return ProblemKind{std::string(row.name), row.status, std::string(row.title)};
    }
    return std::nullopt;
}

int status_of(Code code) {
    return row_of(code).status;
}

Problem problem_from(const Error& error) {
    const Code code = code_of(error.code);
    if (code == Code::internal) {
        log::error("a request failed", {{"error", error.what}});
        return {code, "an internal error; the log names it under this request id"};
    }
    Problem problem{code, error.what};
    if (code == Code::unavailable) problem.headers.emplace_back("Retry-After", "1");
    return problem;
}

Reply to_reply(const Problem& problem, const Request& request) {
    return to_reply(problem, request.target, request.request_id);
}

namespace {

// What was asked may be quoted, and be as long as a request may be.
constexpr std::size_t kTextBytesMost = 1000;
constexpr std::size_t kErrorsMost = 100;

std::string shortened(std::string_view text) {
    if (text.size() <= kTextBytesMost) return std::string(text);
    std::size_t end = kTextBytesMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "…";
}

json::Array shown(const std::vector<FieldError>& errors) {
    json::Array all;
    for (const FieldError& error : errors) {
        if (all.size() == kErrorsMost) break;
        all.emplace_back(json::Object{{"pointer", shortened(error.pointer)},
                                      {"code", error.code},
                                      {"detail", shortened(error.detail)}});
    }
    return all;
}

}  // namespace

Reply to_reply(const Problem& problem, std::string_view instance, std::string_view request_id) {
    const Row& row = row_of(problem.code);
    json::Object document{
        {"type", "/problems/" + std::string(row.name)},
        {"title", row.title},
        {"status", row.status},
        {"detail", shortened(problem.detail)},
        {"code", row.name},
        {"request_id", request_id},
    };
    if (!instance.empty()) document.append("instance", shortened(instance));
    if (!problem.errors.empty()) document.append("errors", shown(problem.errors));
    for (const auto& [name, value] : problem.more) {
        if (!document.contains(name)) document.append(name, value);
    }
    Reply reply{row.status, "application/problem+json", json::write(document), problem.headers};
    if (row.status == 401) reply.with("WWW-Authenticate", "Bearer");
    return reply;
}

}  // namespace evenkeel::http
