#pragma once

#include <functional>

#include "core/crypto/x509.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/api/waiters.hpp"
#include "orchestrator/bus/bus.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::http {
class Server;
}

namespace evenkeel::hosts {
class FleetTotals;
}

namespace evenkeel::plans {
class Planner;
class Reader;
}

namespace evenkeel::api {

class Access;
class ChangeRoutes;
class EventFeed;
class FleetApplies;
class ListFeed;
class Metrics;
class PageQueue;
class PlanProgress;

// The parts that handlers use. All of them outlive the routes. [loop]
struct Context {
    run::Loop& loop;
    state::State& state;  // to change it: submit(), which records the requester
    const secrets::Protector& protector;
    const state::SchemaCache& schemas;
    hosts::Presence& presence;
    hosts::FleetTotals& totals;
    bus::Bus& bus;
    Waiters& waiters;
    Access& access;
    EventFeed& feed;
    ListFeed& lists;
    PageQueue& pages;
    FleetApplies& fleet_applies;
    plans::Planner& planner;
    plans::Reader& reader;
    PlanProgress& progress;
    ChangeRoutes& changes;
    const Metrics& metrics;
    std::function<std::uint16_t()> enrolment_port;
    std::function<const http::Server*()> rest_server;  // null before it listens

    // State::submit for what a request asks for: with its audit record in the same transaction.
    void submit(state::AuditContext audit_context, state::State::Work work,
                state::State::Done done) const {
        state.submit(std::move(audit_context), std::move(work), std::move(done));
    }
};
// The requester and the request, for the audit.
state::AuditContext audit_context_of(const http::Request& request);

// Every route of the API, for http::Router::build; each kind of thing has a file of its own.
std::vector<http::Route> all_routes(Context& context);
void add_hosts(std::vector<http::Route>& routes, Context& context);
void add_collections(std::vector<http::Route>& routes, Context& context);
void add_resources(std::vector<http::Route>& routes, Context& context);
void add_resource_changes(std::vector<http::Route>& routes, Context& context);
void add_fleet_apply(std::vector<http::Route>& routes, Context& context);
void add_commands(std::vector<http::Route>& routes, Context& context);
void add_compliance(std::vector<http::Route>& routes, Context& context);
void add_events(std::vector<http::Route>& routes, Context& context);
void add_tokens(std::vector<http::Route>& routes, Context& context);
void add_audit(std::vector<http::Route>& routes, Context& context);
void add_environments(std::vector<http::Route>& routes, Context& context);
void add_settings(std::vector<http::Route>& routes, Context& context);
void add_impact(std::vector<http::Route>& routes, Context& context);
void add_wanted(std::vector<http::Route>& routes, Context& context);
void add_host_settings(std::vector<http::Route>& routes, Context& context);
void add_applications(std::vector<http::Route>& routes, Context& context);
void add_assignments(std::vector<http::Route>& routes, Context& context);
void add_plans(std::vector<http::Route>& routes, Context& context);
void add_plan_decisions(std::vector<http::Route>& routes, Context& context);
void add_health(std::vector<http::Route>& routes, Context& context);

}  // namespace evenkeel::api
