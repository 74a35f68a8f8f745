#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/model_edits.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/api/submit_command.hpp"
#include "orchestrator/hosts/fleet_totals.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

// /v1/hosts
namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

// What the record of a host does not tell.
ApiResult<bool> add_present_state(const Context& context, const state::View& view,
                                  const std::string& id, std::string_view name,
                                  json::Value& value) {
    if (name == "last_seen") {
        state::Host host;
        host.id = id;
        host.last_seen = EK_API_TRY(view.hosts().last_seen(id));
        const std::string seen = context.presence.last_seen(host);
        if (!seen.empty()) value = seen;
    } else if (name.starts_with("compliance.")) {
        const auto totals = context.totals.of_host(id, now_monotonic_ms());
        if (!totals) return false;
        const json::Value counts = state::encode(totals->counts);
        value = counts[name.substr(name.find('.') + 1)];
    }
    return true;
}

PageSource::Peek peek_hosts(const Context& context, const state::View& view) {
    return [&context, &view](const state::Entry& entry, const state::FieldNames& names,
                             state::FieldValues& values) -> ApiResult<PageSource::Peeked> {
        bool is_told = state::Hosts::peek(entry, names, values);
        const std::string id(entry.position());
        for (std::size_t i = 0; i < names.size() && is_told; ++i) {
            is_told = EK_API_TRY(add_present_state(context, view, id, names[i], values[i]));
        }
        return is_told ? PageSource::Peeked::told : PageSource::Peeked::unknown;
    };
}

ApiResult<Listing> list_hosts(const Context& context, const state::View& view) {
    return Listing{
        .list = view.hosts().list(),
        .make_for = [&context](const state::View& now) -> PageSource::Make {
            return [&context,
                    &now](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                const auto host = EK_API_TRY(now.hosts().read(entry));
                return EK_API_TRY(show_host(context, now, host));
            };
        },
        .identity =
            [](const state::Entry& entry) {
                return json::Object{{"id", entry.position()}};
            },
        // Whatever happens on a host may change its counts.
        .touch =
            [](const state::StoredEvent& event, const json::Value&, Touched& touched) {
                if (event.host.empty()) return;
                touched.positions.emplace(state::Hosts::position_of(event.host),
                                          json::Object{{"id", event.host}});
            },
        .peek_for = [&context](const state::View& now) { return peek_hosts(context, now); }};
}

ReplyResult get_host(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    return http::Reply::json(200, EK_API_TRY(show_host(context, view, host)));
}

void release_name_of(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto host = require_host(*view, request);
    if (!host) return responder->send(host.error());
    auto changed = std::make_shared<state::Host>();
    context.submit(
        audit_context_of(request),
        [id = host->id, changed, once = request.once,
         &protector = context.protector](state::Edit& edit) -> Result<void> {
            *changed = EK_TRY(hosts::release_name(edit, id));
            edit.note("name", changed->name);
            const auto shown = state::show(*changed, EK_TRY(edit.resources().counts(id)),
                                           EK_TRY(edit.wanted().find(id)));
            return keep_reply(edit, protector, once, http::Reply::json(200, shown));
        },
        [&context, responder, changed](const Result<void>& done) {
            if (!done) return responder->send(change_problem(done.error()));
            log::info("the name of a retired host was released",
                      {{"host", changed->id}, {"name", changed->name}});
            const auto now = context.state.read();
            if (!now) return responder->send(now.error());
            auto shown = show_host(context, *now, *changed);
            if (!shown) return responder->send(shown.error());
            responder->send(http::Reply::json(200, *shown));
        });
}

ApiResult<ModelEdit> patch_host(const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    hosts::Patch patch = EK_API_TRY(read_host_patch(request.json));
    if (patch.environment) {
        const auto there = require_environment(view, *patch.environment);
        if (!there) return refuse(there.error());
    }
    if (host.retired()) return refuse(http::Code::invalid_state, "the host is retired");
    return ModelEdit{.hosts = {{host.id, std::move(patch)}}, .host = host.id};
}

// Again it changes nothing. That others do not compile without the host keeps nobody from it.
ApiResult<ModelEdit> retire_host(const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    if (host.retired()) return ModelEdit{.host = host.id};
    return ModelEdit{
        .hosts = {{.host = host.id, .retires = true}}, .allows_errors = true, .host = host.id};
}

}  // namespace

void add_hosts(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts",
                      .permission = "host.read",
                      .tag = "hosts",
                      .summary = "List hosts",
                      .query = list_parameters(host_fields()),
                      .headers = {"Last-Event-ID"},
                      .answers = list_answers("A page of hosts.", "HostList"),
                      .handler = listing(
                          context, host_fields(),
                          [&](const auto& view, const auto&) { return list_hosts(context, view); }),
                      .produces = list_media_types(),
                      .events = list_events("Host", "Identity")});
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}",
                      .permission = "host.read",
                      .tag = "hosts",
                      .summary = "Get one host by id or name",
                      .answers = {{200, "The host.", "Host"}},
                      .handler = reading(context.state, [&](const auto& view, const auto& request) {
                          return get_host(context, view, request);
                      })});
    auto patch = patch_route("/v1/hosts/{h}", "HostPatch", "Host");
    patch.permission = "host.write";
    patch.tag = "hosts";
    patch.summary = "Rename a host, move it to an environment or change its labels";
    patch.headers = {"Prefer"};
    patch.answers = {{200,
                      "The host as it is now, or what a dry run would do to hosts.",
                      "HostOrPlan",
                      {"Plan", "Dry-Run"}}};
    add_editing(routes, context, std::move(patch), patch_host);
    http::Route retire;
    retire.method = "POST";
    retire.path = "/v1/hosts/{h}";
    retire.verb = "retire";
    retire.permission = "host.retire";
    retire.tag = "hosts";
    retire.summary = "Retire a host: its certificate counts no more, at once";
    retire.query = {dry_run_parameter()};
    retire.headers = {"Prefer"};
    retire.answers = {{200,
                       "The host as it is now, or what a dry run would do to hosts.",
                       "HostOrPlan",
                       {"Plan", "Dry-Run"}}};
    add_editing(routes, context, std::move(retire), retire_host);
    routes.push_back({.method = "POST",
                      .path = "/v1/hosts/{h}",
                      .verb = "release-name",
                      .permission = "host.retire",
                      .tag = "hosts",
                      .summary = "Let other hosts have the name of a retired host at once",
                      .answers = {{200, "The host as it is now.", "Host"}},
                      .handler = [&](const Request& request, const Responder& responder) {
                          release_name_of(context, request, responder);
                      }});
}

}  // namespace evenkeel::api
