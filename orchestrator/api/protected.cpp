#include "orchestrator/api/protected.hpp"

#include "core/base/text.hpp"

namespace evenkeel::api {

http::Problem plan_required(const std::set<std::string>& environments) {
    const bool is_one = environments.size() == 1;
    http::Problem problem{
        http::Code::plan_required,
        (is_one ? "environment " : "environments ") +
            listed_in_words({environments.begin(), environments.end()}) +
            (is_one ? " is" : " are") +
            " protected: make a plan of this with POST /v1/plans; once somebody else has approved "
            "it, apply it with POST /v1/plans/{p}:apply"};
    json::Array names(environments.begin(), environments.end());
    problem.more.set("environments", std::move(names));
    return problem;
}

}  // namespace evenkeel::api
