#include "orchestrator/api/context.hpp"
#include "orchestrator/state/audit.hpp"

namespace evenkeel::api {

state::AuditContext audit_context_of(const http::Request& request) {
    const http::Principal& who = request.principal;
    return {.actor = {.id = who.id, .name = who.name, .role = who.role},
            .address = request.peer,
            .request_id = request.request_id,
            .method = request.method,
            .route = request.route,
            .object = request.target};
}

std::vector<http::Route> all_routes(Context& context) {
    std::vector<http::Route> routes;
    add_health(routes, context);
    add_hosts(routes, context);
    add_collections(routes, context);
    add_resources(routes, context);
    add_resource_changes(routes, context);
    add_fleet_apply(routes, context);
    add_environments(routes, context);
    add_settings(routes, context);
    add_host_settings(routes, context);
    add_impact(routes, context);
    add_wanted(routes, context);
    add_applications(routes, context);
    add_assignments(routes, context);
    add_plans(routes, context);
    add_plan_decisions(routes, context);
    add_commands(routes, context);
    add_compliance(routes, context);
    add_events(routes, context);
    add_tokens(routes, context);
    add_audit(routes, context);
    return routes;
}

}  // namespace evenkeel::api
