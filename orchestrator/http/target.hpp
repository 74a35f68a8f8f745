#pragma once

#include <optional>
#include <string_view>

#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"

namespace evenkeel::http {

// Reads a request-target in origin form ("/v1/hosts/a%2Fb?limit=1") with RFC 3986's grammar and
// nothing looser, and fills target, raw_segments, segments, verb and query. Uses request.method.
// Refuses other forms (we are no proxy), NUL and bytes that are not UTF-8, a parameter that comes
// twice, and any `token` parameter: tokens in a URL end up in logs. [any]
std::optional<Problem> read_target(std::string_view target, Request& request);

}  // namespace evenkeel::http
