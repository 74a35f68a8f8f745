#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"

// Conditional requests (RFC 9110 section 13) and Prefer: wait (RFC 7240). [any]
namespace evenkeel::http {

// The strong ETag of a revision: "\"42\"" with its quotes.
std::string etag_of(std::uint64_t revision);

// For GET: the 304 when If-None-Match names `etag` or is *, else nothing.
std::optional<Reply> not_modified(const Request& request, std::string_view etag);

// For PUT, PATCH, DELETE: `precondition-failed` with the current ETag when If-Match or
// If-None-Match forbid it. `etag` is empty when the resource does not exist.
std::optional<Problem> check_preconditions(const Request& request, std::string_view etag);

// N of `Prefer: wait=N`, at most 60 s; nothing without it, or when N is no number of 1 or more.
std::optional<std::chrono::seconds> preferred_wait(const Request& request);

}  // namespace evenkeel::http
