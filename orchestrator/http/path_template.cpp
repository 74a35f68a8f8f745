#include "orchestrator/http/path_template.hpp"

#include <algorithm>

namespace evenkeel::http {

bool is_variable(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const PathTemplate& pattern, const std::vector<std::string>& segments) {
    return std::equal(pattern.begin(), pattern.end(), segments.begin(), segments.end(),
                      [](const std::string& want, const std::string& have) {
                          return is_variable(want) ? !have.empty() : want == have;
                      });
}

void set_variables(const PathTemplate& pattern, Request& request) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::string& name = pattern[i];
        if (!is_variable(name)) continue;
        request.path[name.substr(1, name.size() - 2)] = request.segments[i];
    }
}

}  // namespace evenkeel::http
