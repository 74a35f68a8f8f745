#include "orchestrator/api/submit_command.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "core/secrets/redactor.hpp"
#include "orchestrator/api/access.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/owned.hpp"
#include "orchestrator/api/protected.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/resource.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::api {
namespace {

constexpr std::chrono::seconds kPlanTimeout{30};
constexpr const char* kSecretPlan =
    "the plan compares a secret, which would show whether a guess of it is right; for that the "
    "token needs the permission resource.write";

http::Reply command_reply(int status, const state::Command& command) {
    return http::Reply::json(status, state::write_shown(command))
        .with("Location", "/v1/commands/" + command.id);
}

// What is left to do after the commit.
struct Answer {
    Context& context;
    std::shared_ptr<http::Responder> responder;
    std::optional<std::chrono::seconds> wait;

    void send(const state::Command& command) const {
        if (!wait) return responder->send(command_reply(202, command));
        context.waiters.wait(command, *wait, [responder = responder](const state::Command& now) {
            responder->send(command_reply(state::finished(now.state) ? 200 : 202, now));
        });
    }
};

bool may_write(const http::Principal& principal) {
    const auto role = find_name<Role>(principal.role);
    return role && may(*role, "resource.write");
}

// Leaves the digests of both texts.
void hide_text(std::vector<wire::Change>& changes) {
    for (wire::Change& change : changes) {
        if (change.after.is_object()) change.after.as_object().erase("diff");
    }
}

bool has_secret(const wire::ResourceResult& planned) {
    return std::any_of(
        planned.changes.begin(), planned.changes.end(), [](const wire::Change& change) {
            return secrets::has_redacted(change.before) || secrets::has_redacted(change.after);
        });
}

http::Problem secret_plan_problem() {
    http::Problem problem{.code = http::Code::forbidden, .detail = kSecretPlan};
    problem.more.set("permission", "resource.write");
    return problem;
}

// Puts those that were not planned to where they stand in the request, and the notes to the first.
void complete_plan(const CommandSubmission& submission,
                   std::vector<wire::ResourceResult>& resources) {
    if (!resources.empty()) {
        std::vector<std::string>& notes = resources.front().notes;
        notes.insert(notes.end(), submission.notes.begin(), submission.notes.end());
    }
    for (const auto& [place, ref] : submission.withheld) {
        wire::ResourceResult result;
        result.ref = ref;
        result.outcome = wire::Outcome::skipped;
        result.error = Error{
            Errc::denied, std::string(kSecretPlan) + "; what depends on it is planned without it"};
        const std::size_t at = std::min(place, resources.size());
        resources.insert(resources.begin() + static_cast<std::ptrdiff_t>(at), std::move(result));
    }
}

Result<std::vector<wire::ResourceResult>> decode_plan(const json::Value& result) {
    if (!result["resources"].is_array()) {
        return fail(Errc::internal, "the host's plan cannot be read");
    }
    std::vector<wire::ResourceResult> all;
    for (const json::Value& entry : result["resources"].as_array()) {
        all.push_back(EK_TRY(wire::decode_resource_result(entry)));
    }
    return all;
}

}  // namespace

CommandSubmission submission(Context& context, const http::Request& request,
                             const std::string& host,
                             const std::shared_ptr<http::Responder>& responder) {
    auto refused = std::make_shared<std::optional<http::Problem>>();
    // No more of the request goes to another thread.
    http::Request head;
    for (const char* name : {"if-match", "if-none-match"}) {
        if (const std::string* value = request.header(name)) head.headers[name] = *value;
    }
    auto guard = [refused, head = std::move(head)](
                     const std::optional<state::Resource>& there) -> Result<void> {
        *refused = http::check_preconditions(head, there ? http::etag_of(there->revision) : "");
        if (*refused) return fail(Errc::conflict, "a precondition does not hold");
        return {};
    };
    return {.context = context,
            .responder = responder,
            .wait = http::preferred_wait(request),
            .once = request.once,
            .requester = {
                .host = host,
                .request_id = request.request_id,
                .guard = std::move(guard),
                .on_owned = [refused](const state::Resource& owned,
                                      const std::string& at) { add_owned(*refused, owned, at); },
                .on_protected =
                    [refused](const std::string& environment) {
                        *refused = plan_required({environment});
                    }},
            .audit_context = audit_context_of(request),
            .refused = refused,
            .may_write = may_write(request.principal)};
}

void submit_command(
    CommandSubmission submission,
    std::function<Result<state::Command>(state::Edit&, const commands::Requester&)> make) {
    auto command = std::make_shared<state::Command>();
    submission.context.submit(
        std::move(submission.audit_context),
        [requester = std::move(submission.requester), once = std::move(submission.once),
         &protector = submission.context.protector, make = std::move(make), command,
         refused = submission.refused](state::Edit& edit) -> Result<void> {
            refused->reset();  // of a run before
            *command = EK_TRY(make(edit, requester));
            edit.note("command", command->id);
            if (once.record.empty()) return {};
            return keep_reply(edit, protector, once, command_reply(202, *command));
        },
        [answer = Answer{submission.context, std::move(submission.responder), submission.wait},
         refused = submission.refused, command](const Result<void>& done) {
            if (done) return answer.send(*command);
            if (*refused) return answer.responder->send(**refused);
            answer.responder->send(change_problem(done.error()));
        });
}

void deny_secret_plan(const CommandSubmission& submission) {
    submission.context.access.deny(submission.audit_context, secret_plan_problem(),
                                   submission.responder);
}

void deny_secret_plans(const CommandSubmission& submission, std::function<void()> rest) {
    submission.context.access.deny_part(submission.audit_context, secret_plan_problem(),
                                        submission.responder, std::move(rest));
}

ApiResult<bool> is_dry_run(const http::Request& request) {
    const std::string* value = request.parameter("dry_run");
    if (value && *value != "all") {
        return refuse(http::Code::invalid_parameter, "dry_run can only be \"all\"");
    }
    return value != nullptr;
}

http::QueryParameter dry_run_parameter() {
    return {.name = "dry_run",
            .description = "all: say what would change, change and store nothing.",
            .schema = json::Object{{"type", "string"}, {"enum", json::Array{"all"}}}};
}

void answer_planned(const CommandSubmission& submission, wire::Verb verb,
                    std::vector<wire::ResourceResult> resources) {
    if (!submission.may_write && std::any_of(resources.begin(), resources.end(), has_secret)) {
        return deny_secret_plan(submission);
    }
    complete_plan(submission, resources);
    state::Command command;
    command.host = submission.requester.host;
    command.verb = verb;
    command.state = state::CommandState::succeeded;
    command.request_id = submission.requester.request_id;
    for (wire::ResourceResult& done : resources) {
        const bool fails = done.outcome == wire::Outcome::failed ||
                           (done.outcome == wire::Outcome::skipped && done.action.empty());
        if (fails) command.state = state::CommandState::failed;
        state::CommandEntry entry;
        entry.ref = done.ref;
        entry.generation = done.generation;
        entry.action = done.action;
        entry.outcome = done.outcome;
        entry.changes = std::move(done.changes);
        if (!submission.may_write) hide_text(entry.changes);
        entry.error = done.error;
        entry.notes = std::move(done.notes);
        entry.output = std::move(done.output);
        command.resources.push_back(std::move(entry));
    }
    submission.responder->send(http::Reply::json(200, state::show(command)).with("Dry-Run", "all"));
}

void plan(const CommandSubmission& submission, wire::Verb verb,
          const std::vector<wire::ResourceRequest>& resources) {
    if (!submission.context.bus.is_online(submission.requester.host)) {
        return submission.responder->send(
            {.code = http::Code::host_offline, .detail = "the host is not connected"});
    }
    json::Array entries;
    for (const wire::ResourceRequest& wanted : resources) entries.push_back(wire::encode(wanted));
    wire::Request ask;
    ask.verb = wire::RequestVerb::plan;
    ask.timeout = kPlanTimeout;
    ask.arguments = json::Object{{"verb", to_string(verb)}, {"resources", std::move(entries)}};
    submission.context.bus.request(
        submission.requester.host, ask, [submission, verb](const Result<json::Value>& result) {
            auto planned = result ? decode_plan(*result)
                                  : Result<std::vector<wire::ResourceResult>>(fail(result.error()));
            if (!planned) return submission.responder->send(planned.error());
            answer_planned(submission, verb, *std::move(planned));
        });
}

}  // namespace evenkeel::api
