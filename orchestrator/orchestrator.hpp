#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/fd.hpp"
#include "core/run/lane.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/api/change_routes.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/event_feed.hpp"
#include "orchestrator/api/fleet_apply.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/list_feed.hpp"
#include "orchestrator/api/metrics.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/api/plan_progress.hpp"
#include "orchestrator/api/rate_limit.hpp"
#include "orchestrator/config.hpp"
#include "orchestrator/enrolment/port.hpp"
#include "orchestrator/hosts/fleet_totals.hpp"
#include "orchestrator/http/server.hpp"
#include "orchestrator/keys.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/reader.hpp"
#include "orchestrator/state/lease_keeper.hpp"

namespace evenkeel {

// The whole program: its parts in the order in which they depend on one another. [loop]
class Orchestrator {
  public:
    // Opens state and keys, made at the first start. `busy` when another process has them.
    static Result<std::unique_ptr<Orchestrator>> open(run::Loop& loop, const Config& config,
                                                      store::Writer::Options writer = {});
    ~Orchestrator();

    // Serves on all three ports when it returns.
    Result<void> start();
    // Stops taking requests, lets those in work finish, cuts the hosts off and commits the rest;
    // then calls `done`.
    void stop(std::function<void()> done);

    // {"ready":true,"rest":...,"bus":...,"enrolment":...}: for --ready-fd.
    std::string ready_line() const;
    std::string rest_address() const;

  private:
    Orchestrator(run::Loop& loop, const Config& config, Fd lock, Keys keys,
                 std::unique_ptr<state::State> state, const std::string& identity);
    Result<void> settle_links();
    Result<void> load_totals();
    Result<void> build_api();
    std::vector<http::Route> routes();
    void tick();
    void purge();
    void expire_commands();
    void expire_plans();
    void note_last_seen();

    run::Loop& loop_;
    Config config_;
    Fd lock_;
    Keys keys_;
    std::unique_ptr<state::State> state_;
    state::LeaseKeeper housekeeping_;  // of what must be done once, however many orchestrators
    secrets::Protector protector_;
    state::SchemaCache schemas_;
    hosts::AllowList allow_list_;
    hosts::Presence presence_;
    hosts::FleetTotals totals_;
    api::Waiters waiters_;
    api::EventFeed feed_;
    api::ListFeed lists_;
    api::PageQueue pages_;
    api::FleetApplies fleet_applies_;
    plans::Planner planner_;
    plans::Reader reader_;
    api::PlanProgress progress_;
    api::ChangeRoutes changes_;
    api::Metrics metrics_;
    api::RateLimit rate_limit_;
    api::Access access_;
    api::Idempotency idempotency_;
    bus::Bus bus_;
    enrolment::Port enrolment_;
    api::Context context_;
    std::unique_ptr<http::Router> router_;
    run::Lane bodies_{{.name = "bodies"}};  // reads those that are too large for the loop
    std::unique_ptr<http::Server> server_;
    run::Timer tick_;
    int ticks_ = 0;
};

}  // namespace evenkeel
