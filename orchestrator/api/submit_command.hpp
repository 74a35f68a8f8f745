#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/commands/describe.hpp"

// Requests that make a command.
namespace evenkeel::api {

// One such request in progress: its requester, and the result of its preconditions.
struct CommandSubmission {
    Context& context;
    std::shared_ptr<http::Responder> responder;
    std::optional<std::chrono::seconds> wait;
    http::Once once;
    commands::Requester requester;
    state::AuditContext audit_context;
    // Set by the guard, by on_owned and by on_protected, on the writer's thread, before the change
    // ends.
    std::shared_ptr<std::optional<http::Problem>> refused;
    // Who may only read could plan a change of any file to see its text, which no state shows, or
    // plan guesses of a secret: they get no text and no plan with secrets.
    bool may_write = false;
    // Of a dry run: what its one resource is told beside what the host says.
    std::vector<std::string> notes = {};
    // Of a dry run: the entries that are not planned for the caller, by their places, ascending.
    std::vector<std::pair<std::size_t, wire::Ref>> withheld = {};
};
// With a guard that honours If-Match and If-None-Match, and `owned` for what is owned.
CommandSubmission submission(Context& context, const http::Request& request,
                             const std::string& host,
                             const std::shared_ptr<http::Responder>& responder);

// Commits the command that `make` makes, then answers 202 with it, or with `Prefer: wait` 200 once
// it has finished.
void submit_command(
    CommandSubmission submission,
    std::function<Result<state::Command>(state::Edit&, const commands::Requester&)> make);

// `dry_run` of the request: absent, or "all"; anything else is `invalid-parameter`.
ApiResult<bool> is_dry_run(const http::Request& request);
http::QueryParameter dry_run_parameter();
// Answers `forbidden`, for a plan that compares secrets and a caller without resource.write: on
// record and throttled like what the token's role denies.
void deny_secret_plan(const CommandSubmission& submission);
// The same for those that are `withheld`: the answer says it of each, and `rest` plans the others.
void deny_secret_plans(const CommandSubmission& submission, std::function<void()> rest);
// Requests from the host what a command would do, and answers with a command that has no id. Checks
// the preconditions for one resource before. `host-offline` when it is not connected,
// deny_secret_plan() when a change holds a secret and the caller may not write.
void plan(const CommandSubmission& submission, wire::Verb verb,
          const std::vector<wire::ResourceRequest>& resources);
// The same when the result is known without the host.
void answer_planned(const CommandSubmission& submission, wire::Verb verb,
                    std::vector<wire::ResourceResult> resources);

}  // namespace evenkeel::api
