#include <utility>

#include "core/base/id.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/commands
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using Responder = std::shared_ptr<http::Responder>;

const Fields& command_fields() {
    static const Fields kFields = {{.name = "id"},
                                   {.name = "host", .is_host = true},
                                   {.name = "verb", .values = name_list<wire::Verb>()},
                                   {.name = "state", .values = name_list<state::CommandState>()},
                                   {.name = "created_at"},
                                   {.name = "finished_at"},
                                   {.name = "request_id"},
                                   {.name = "error.code"}};
    return kFields;
}

PageSource::Make commands_at(const state::View& view, const std::string& state) {
    return [&view, state](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
        auto command = EK_API_TRY(view.commands().read(entry));
        if (!command) return std::nullopt;
        if (!state.empty() && state::to_string(command->state) != state) return std::nullopt;
        return state::show(state::without_output(*std::move(command)));
    };
}

PageSource::Peek peek_commands(const state::View& view, const std::string& state) {
    return [&view, state, all = state::FieldNames()](
               const state::Entry& entry, const state::FieldNames& names,
               state::FieldValues& values) mutable -> ApiResult<PageSource::Peeked> {
        using enum PageSource::Peeked;
        if (all.empty()) {
            all = names;
            all.push_back("state");
        }
        if (!EK_API_TRY(view.commands().peek(entry, all, values))) return unknown;
        const bool is_listed = state.empty() || values.back() == json::Value(state);
        values.pop_back();
        return is_listed ? told : not_listed;
    };
}

ApiResult<Listing> list_commands(const state::View& view, const Request& request) {
    const std::string* state = request.parameter("state");
    if (state) {
        const auto known = from_string<state::CommandState>(state->substr(0, 80));
        if (!known) return refuse(Code::invalid_parameter, known.error().what);
    }
    std::string host_id;
    if (const std::string* name = request.parameter("host")) {
        const auto host = EK_API_TRY(view.hosts().resolve(*name));
        if (!host) return refuse(Code::not_found, "there is no host of this id or name");
        host_id = host->id;
    }
    const state::Commands all = view.commands();
    const state::List oldest_first = host_id.empty() ? all.list() : all.list(host_id);
    return Listing{
        .list = oldest_first.reversed(),
        .make_for = [wanted = state ? *state : std::string()](
                        const state::View& now) { return commands_at(now, wanted); },
        .identity =
            [](const state::Entry& entry) {
                return json::Object{{"id", state::Commands::id_of(entry)}};
            },
        .touch =
            [host_id](const state::StoredEvent& event, const json::Value& data, Touched& touched) {
                if (!event.is(state::EventType::command_changed)) return;
                if (!host_id.empty() && event.host != host_id) return;
                const std::string id = data.string_or("id");
                touched.positions.emplace(state::Commands::position_of(host_id, id),
                                          json::Object{{"id", id}});
            },
        .peek_for = [wanted = state ? *state : std::string()](
                        const state::View& now) { return peek_commands(now, wanted); }};
}

ReplyResult get_command(const state::View& view, const Request& request) {
    const auto command = EK_API_TRY(view.commands().find(request.at("id")));
    if (!command) return refuse(Code::not_found, "there is no command of this id");
    return http::Reply::json(200, state::show(*command));
}

http::Reply cancel_reply(const state::Command& command) {
    return http::Reply::json(state::finished(command.state) ? 200 : 202, state::show(command))
        .with("Location", "/v1/commands/" + command.id);
}

void cancel_command(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto before = view->commands().find(request.at("id"));
    if (!before) return responder->send(before.error());
    if (!*before) {
        return responder->send(
            {.code = Code::not_found, .detail = "there is no command of this id"});
    }
    const bool handed_over = context.bus.handed_over((*before)->host, (*before)->id);
    auto command = std::make_shared<state::Command>();
    context.submit(
        audit_context_of(request),
        [id = (*before)->id, handed_over, command, once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            *command = EK_TRY(commands::cancel(edit, id, handed_over));
            return keep_reply(edit, protector, once, cancel_reply(*command));
        },
        [&context, responder, id = (*before)->id, command](const Result<void>& done) {
            if (!done) {
                http::Problem problem = change_problem(done.error());
                const auto now = context.state.read();
                const auto current = now ? now->commands().find(id) : fail(now.error());
                if (current && *current) {
                    problem.more.set("current", state::to_string((*current)->state));
                }
                return responder->send(problem);
            }
            if (!state::finished(command->state)) {
                context.bus.send_cancel(command->host, command->id);
            }
            responder->send(cancel_reply(*command));
        });
}

}  // namespace

void add_commands(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/commands",
         .permission = "command.read",
         .tag = "commands",
         .summary = "List commands, the newest first",
         .query = list_parameters(
             command_fields(), {{.name = "host", .description = "Id or name of a host."},
                                {.name = "state", .description = "Only commands in this state."}}),
         .headers = {"Last-Event-ID"},
         .answers = list_answers("A page of commands.", "CommandList"),
         .handler = listing(context, command_fields(), list_commands),
         .produces = list_media_types(),
         .events = list_events("Command", "Identity")});
    routes.push_back({.method = "GET",
                      .path = "/v1/commands/{id}",
                      .permission = "command.read",
                      .tag = "commands",
                      .summary = "Get one command",
                      .answers = {{200, "The command.", "Command"}},
                      .handler = reading(context.state, get_command)});
    routes.push_back(
        {.method = "POST",
         .path = "/v1/commands/{id}",
         .verb = "cancel",
         .permission = "command.cancel",
         .tag = "commands",
         .summary = "Cancel a command that waits, or ask to stop one that runs",
         .answers = {{200, "It was cancelled.", "Command", {"Location"}},
                     {202, "The agent was asked to stop it.", "Command", {"Location"}}},
         .handler = [&](const Request& request, const Responder& responder) {
             cancel_command(context, request, responder);
         }});
}

}  // namespace evenkeel::api
