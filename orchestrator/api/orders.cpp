#include "orchestrator/api/orders.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/state/shapes.hpp"

namespace evenkeel::api {
namespace {

constexpr std::chrono::seconds kPlanTimeout{30};

http::Reply command_reply(int status, const state::Command& command) {
    return http::Reply::json(status, state::show(command))
        .with("Location", "/v1/commands/" + command.id);
}

void answer(const Ordering& ordering, const state::Command& command) {
    if (!ordering.wait) return ordering.responder->send(command_reply(202, command));
    ordering.context.waiters.wait(
        command, *ordering.wait, [responder = ordering.responder](const state::Command& now) {
            responder->send(command_reply(state::finished(now.state) ? 200 : 202, now));
        });
}

Result<std::vector<wire::Done>> decode_plan(const json::Value& result) {
    if (!result["resources"].is_array()) {
        return fail(Errc::internal, "the host's plan does not read");
    }
    std::vector<wire::Done> all;
    for (const json::Value& entry : result["resources"].as_array()) {
        all.push_back(EK_TRY(wire::decode_done(entry)));
    }
    return all;
}

}  // namespace

Ordering ordering(Context& context, const http::Request& request, const std::string& host,
                  const std::shared_ptr<http::Responder>& responder) {
    auto refused = std::make_shared<std::optional<http::Problem>>();
    // The headers only: the guard goes to another thread, the body need not.
    http::Request head;
    head.headers = request.headers;
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
            .asking = {.host = host, .request_id = request.request_id, .guard = std::move(guard)},
            .act = act_of(request),
            .refused = refused};
}

void order(const Ordering& ordering,
           std::function<Result<state::Command>(state::Edit&, const commands::Asking&)> make) {
    auto command = std::make_shared<state::Command>();
    ordering.context.submit(
        ordering.act,
        [asking = ordering.asking, once = ordering.once, &vault = ordering.context.vault,
         make = std::move(make), command](state::Edit& edit) -> Result<void> {
            *command = EK_TRY(make(edit, asking));
            edit.note("command", command->id);
            return keep_reply(edit, vault, once, command_reply(202, *command));
        },
        [ordering, command](const Result<void>& done) {
            if (done) return answer(ordering, *command);
            if (*ordering.refused) return ordering.responder->send(**ordering.refused);
            ordering.responder->send(change_problem(done.error()));
        });
}

Checked<bool> is_dry_run(const http::Request& request) {
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

void answer_planned(const Ordering& ordering, const std::string& verb,
                    std::vector<wire::Done> resources) {
    state::Command command;
    command.host = ordering.asking.host;
    command.verb = verb;
    command.state = state::CommandState::succeeded;
    command.request_id = ordering.asking.request_id;
    for (wire::Done& done : resources) {
        const bool fails = done.outcome == wire::Outcome::failed ||
                           (done.outcome == wire::Outcome::skipped && done.action.empty());
        if (fails) command.state = state::CommandState::failed;
        state::CommandEntry entry;
        entry.ref = done.ref;
        entry.generation = done.generation;
        entry.action = done.action;
        entry.outcome = done.outcome;
        entry.changes = std::move(done.changes);
        entry.error = done.error;
        command.resources.push_back(std::move(entry));
    }
    ordering.responder->send(http::Reply::json(200, state::show(command)).with("Dry-Run", "all"));
}

void plan(const Ordering& ordering, const std::string& verb,
          const std::vector<wire::Wanted>& resources) {
    if (!ordering.context.bus.is_online(ordering.asking.host)) {
        return ordering.responder->send(
            {.code = http::Code::host_offline, .detail = "the host is not connected"});
    }
    json::Array entries;
    for (const wire::Wanted& wanted : resources) entries.push_back(wire::encode(wanted));
    wire::Request ask;
    ask.verb = "plan";
    ask.timeout = kPlanTimeout;
    ask.arguments = json::Object{{"verb", verb}, {"resources", std::move(entries)}};
    ordering.context.bus.ask(
        ordering.asking.host, ask, [ordering, verb](const Result<json::Value>& result) {
            auto planned = result ? decode_plan(*result)
                                  : Result<std::vector<wire::Done>>(fail(result.error()));
            if (!planned) return ordering.responder->send(planned.error());
            answer_planned(ordering, verb, *std::move(planned));
        });
}

}  // namespace evenkeel::api
