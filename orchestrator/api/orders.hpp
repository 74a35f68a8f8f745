#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/outcome.hpp"
#include "orchestrator/commands/desire.hpp"

// Requests that make a command.
namespace evenkeel::api {

// One such request on its way: who asks, and what its preconditions said.
struct Ordering {
    Context& context;
    std::shared_ptr<http::Responder> responder;
    std::optional<std::chrono::seconds> wait;
    http::Once once;
    commands::Asking asking;
    state::Act act;
    // Set by the guard, on the writer's thread, before the change ends.
    std::shared_ptr<std::optional<http::Problem>> refused;
};
// With a guard that honours If-Match and If-None-Match.
Ordering ordering(Context& context, const http::Request& request, const std::string& host,
                  const std::shared_ptr<http::Responder>& responder);

// Commits the command that `make` makes, then answers 202 with it, or with `Prefer: wait` 200 once
// it has finished.
void order(const Ordering& ordering,
           std::function<Result<state::Command>(state::Edit&, const commands::Asking&)> make);

// `dry_run` of the request: absent, or "all"; anything else is `invalid-parameter`.
Checked<bool> is_dry_run(const http::Request& request);
http::QueryParameter dry_run_parameter();
// Asks the host what a command would do, and answers with a command that has no id. Checks the
// preconditions for one resource before. `host-offline` when it is not connected.
void plan(const Ordering& ordering, const std::string& verb,
          const std::vector<wire::Wanted>& resources);
// The same where the host need not be asked.
void answer_planned(const Ordering& ordering, const std::string& verb,
                    std::vector<wire::Done> resources);

}  // namespace evenkeel::api
