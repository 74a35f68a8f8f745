#include "orchestrator/api/context.hpp"

namespace evenkeel::api {

std::vector<http::Route> all_routes(Context& context) {
    std::vector<http::Route> routes;
    add_health(routes, context);
    add_hosts(routes, context);
    add_collections(routes, context);
    add_resources(routes, context);
    add_resource_changes(routes, context);
    add_commands(routes, context);
    add_compliance(routes, context);
    add_events(routes, context);
    add_enrolment(routes, context);
    return routes;
}

}  // namespace evenkeel::api
