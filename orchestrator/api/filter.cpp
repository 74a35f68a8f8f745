#include "orchestrator/api/filter.hpp"

#include <optional>

#include "orchestrator/state/hosts.hpp"

namespace evenkeel::api {

ApiResult<Filter> read_filter(std::string_view text, const Fields& fields,
                              const state::View& view) {
    const auto read = Filter::read(text, fields);
    if (!read) {
        http::Problem problem{.code = http::Code::bad_filter, .detail = read.error().sentence()};
        problem.more.set("position", read.error().position);
        problem.more.set("expected", read.error().expected);
        return refuse(std::move(problem));
    }
    std::optional<Error> error;
    Filter filter = read->with_host_ids([&](const std::string& name) {
        const auto host = view.hosts().resolve(name);
        if (!host) error = host.error();
        return host && *host ? (*host)->id : name;
    });
    if (error) return refuse(as_problem(*error));
    return filter;
}

}  // namespace evenkeel::api
