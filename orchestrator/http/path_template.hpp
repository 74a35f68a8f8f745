#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/message.hpp"

// Paths of routes, "/v1/hosts/{h}", as their segments: "v1", "hosts", "{h}". [any]
namespace evenkeel::http {

using PathTemplate = std::vector<std::string>;

// Whether the segment stands for any text, "{h}".
bool is_variable(std::string_view segment);
bool matches(const PathTemplate& pattern, const std::vector<std::string>& segments);
// Sets request.path. Requires that the template matches request.segments.
void set_variables(const PathTemplate& pattern, Request& request);

}  // namespace evenkeel::http
