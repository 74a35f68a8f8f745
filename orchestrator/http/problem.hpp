#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "orchestrator/http/message.hpp"

// Error replies, as RFC 9457 application/problem+json. [any]
namespace evenkeel::http {

// All codes; the list is part of the API. Names, status and titles are in one table in problem.cpp.
enum class Code {
    bad_request,             // 400, malformed HTTP
    invalid_json,            // 400
    invalid_description,     // 400
    unknown_field,           // 400
    unknown_parameter,       // 400
    invalid_parameter,       // 400, a known one with a bad value, or twice
    invalid_id,              // 400
    bad_cursor,              // 400
    bad_filter,              // 400
    unauthenticated,         // 401
    forbidden,               // 403
    not_found,               // 404
    unknown_collection,      // 404
    method_not_allowed,      // 405
    not_acceptable,          // 406
    request_timeout,         // 408
    already_exists,          // 409
    invalid_state,           // 409
    owned,                   // 409
    plan_required,           // 409
    stale_plan,              // 409
    approval_required,       // 409
    host_offline,            // 409
    idempotency_key_busy,    // 409
    gone,                    // 410
    length_required,         // 411
    precondition_failed,     // 412
    too_large,               // 413
    uri_too_long,            // 414
    unsupported_media_type,  // 415
    idempotency_key_reused,  // 422
    no_targets,              // 422
    does_not_compile,        // 422
    rate_limited,            // 429
    header_too_large,        // 431
    internal,                // 500
    unavailable,             // 503
    store_full,              // 507
};

// "invalid-json", ... as in `code`. Static storage.
std::string_view to_string(Code code);
int status_of(Code code);
// The entry of a code by its name; nothing for an unknown one.
struct ProblemKind {
    std::string code;
    int status = 0;
    std::string title;
};
std::optional<ProblemKind> problem_kind(std::string_view code);

// One wrong field. `pointer` is an RFC 6901 pointer into the body ("/description/mode").
struct FieldError {
    std::string pointer;
    std::string code;
    std::string detail;
};

struct Problem {
    Code code = Code::internal;
    std::string detail;  // one sentence for people; no secrets, no paths of ours
    std::vector<FieldError> errors = {};
    // Further members of the document ("current", "allowed") and further headers.
    json::Object more = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
};

// An Error as a problem: invalid -> invalid-description, not_found -> not-found, conflict and
// unsupported -> invalid-state, denied -> forbidden, limit -> too-large; busy, timeout, cancelled
// and unavailable -> unavailable; corrupt and internal -> internal, whose text goes to the log and
// not to the caller.
Problem problem_from(const Error& error);

// The complete reply, with `instance` and `request_id` from the request. Of each text at most 1,000
// bytes, of the errors at most 100: a caller sends as much as it likes, and may have it quoted.
Reply to_reply(const Problem& problem, const Request& request);
// The same, when no request could be read.
Reply to_reply(const Problem& problem, std::string_view instance, std::string_view request_id);

}  // namespace evenkeel::http
