#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/verdict_peek.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"

// Reading /v1/hosts/{h}/resources
namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

constexpr std::chrono::seconds kLiveTimeout{20};

// Reported by the host, or described on it; a host that never connected has reported none.
ApiResult<bool> require_collection(const state::View& view, const state::Host& host,
                                   const std::string& collection) {
    bool known = false;
    if (state::is_collection_name(collection)) {
        known = host.stream.empty() ||
                EK_API_TRY(view.collections().find(host.id, collection)).has_value() ||
                EK_API_TRY(view.resources().has_any(host.id, collection));
    }
    if (!known) {
        return refuse(unknown_collection(view, host, collection));
    }
    return true;
}

const Fields& resource_fields() {
    static const Fields kFields = {
        {.name = "collection"},
        {.name = "id"},
        {.name = "policy", .values = name_list<wire::Policy>()},
        {.name = "origin", .values = name_list<wire::Origin>()},
        {.name = "owners.assignment"},
        {.name = "owners.application"},
        {.name = "overrides", .values = {"true", "false"}},
        {.name = "generation.revision"},
        {.name = "observed_at"},
        {.name = "compliance.status", .values = {"compliant", "drifted", "unknown", "failed"}},
        {.name = "compliance.reason"},
        {.name = "compliance.since"},
        {.name = "compliance.seen_by"},
        {.name = "description."},
        {.name = "state."}};
    return kFields;
}

PageSource::Peek peek_resources(const std::string& offline_since) {
    return [offline_since, peek = VerdictPeek()](
               const state::Entry& entry, const state::FieldNames& names,
               state::FieldValues& values) mutable -> ApiResult<PageSource::Peeked> {
        const bool is_told = peek.look_into(entry, offline_since, names, values);
        return is_told ? PageSource::Peeked::told : PageSource::Peeked::unknown;
    };
}

ApiResult<Listing> list_resources(const Context& context, const state::View& view,
                                  const Request& request, const std::string& collection) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    if (!collection.empty()) EK_API_TRY(require_collection(view, host, collection));
    return Listing{
        .list = collection.empty() ? view.resources().list(host.id)
                                   : view.resources().list(host.id, collection),
        .make_for = [&context, host](const state::View& now) -> PageSource::Make {
            return [&context, &now,
                    host](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                const auto resource = EK_API_TRY(state::Resources::read(entry));
                return EK_API_TRY(show_resource(context, now, host, resource));
            };
        },
        .identity = identity_of_resource,
        .touch =
            [id = host.id](const state::StoredEvent& event, const json::Value& data,
                           Touched& touched) {
                if (event.host == id) touch_resources(event, data, touched);
            },
        .peek_for =
            [&context, host](const state::View&) {
                return peek_resources(context.presence.offline_since(host, now_monotonic_ms()));
            }};
}

wire::Ref ref_of(const Request& request) {
    return {request.at("collection"), request.at("id")};
}

ApiResult<state::Resource> require_described(const Context& context, const state::View& view,
                                             const state::Host& host, const Request& request) {
    const wire::Ref ref = ref_of(request);
    auto resource = EK_API_TRY(find_described(context, view, host, ref));
    if (resource) return *std::move(resource);
    return refuse(http::Code::not_found, ref.collection + " " + ref.id + " is not described");
}

ReplyResult get_resource(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    const state::Resource resource = EK_API_TRY(require_described(context, view, host, request));
    const std::string etag = http::etag_of(resource.revision);
    if (auto fresh = http::not_modified(request, etag)) return *std::move(fresh);
    return http::Reply::json(200, EK_API_TRY(show_resource(context, view, host, resource)))
        .with("ETag", etag);
}

ReplyResult get_history(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    const state::Resource resource = EK_API_TRY(require_described(context, view, host, request));
    const wire::Ref& ref = resource.ref;
    const auto schema = EK_API_TRY(context.schemas.find(view, host.id, ref.collection));
    std::vector<std::uint64_t> numbers = EK_API_TRY(view.bodies().history(host.id, ref));
    numbers.insert(numbers.begin(), resource.body);
    std::vector<state::Body> bodies;
    std::vector<json::Value> stored;
    std::vector<std::uint64_t> read;  // those of the host's own have no generation that would tell
    for (const std::uint64_t number : numbers) {
        auto body = view.bodies().get(number);
        if (!body) continue;  // damaged: it takes nothing away from the others
        stored.push_back(std::move(body->description));
        bodies.push_back(*std::move(body));
        read.push_back(number);
    }
    auto descriptions = EK_API_TRY(context.protector.redacted_together(
        {host.id, ref.collection, ref.id}, stored, schema.get()));
    json::Array items;
    for (std::size_t at = 0; at < bodies.size(); ++at) {
        items.push_back(
            state::show(bodies[at], std::move(descriptions[at]), read[at] == resource.body,
                        EK_API_TRY(view.bodies().has_succeeded(host.id, ref, read[at]))));
    }
    return http::Reply::json(200, json::Object{{"items", std::move(items)},
                                               {"next", nullptr},
                                               {"revision", EK_API_TRY(view.revision())}});
}

// What the host read just now, in the shape of the resource; what is not described has the state
// only.
ReplyResult live_reply(const Context& context, const std::string& host_id, const wire::Ref& ref,
                       const json::Value& result) {
    const auto view = EK_API_TRY(context.state.read());
    const auto host = EK_API_TRY(view.hosts().find(host_id));
    if (!host) return refuse(http::Code::not_found, "the host is gone");
    json::Value state;
    if (result["items"].is_array()) {
        for (const json::Value& item : result["items"].as_array()) {
            if (item.string_or("id") != ref.id) continue;
            state = EK_API_TRY(wire::decode_state(item["state"]));
        }
    }
    auto resource = EK_API_TRY(view.resources().find(host_id, ref));
    if (!resource) {
        return http::Reply::json(
            200, state::show_undescribed(host_id, ref, std::move(state), now_rfc3339()));
    }
    resource->state = state;
    resource->observed_at = now_rfc3339();
    return http::Reply::json(200, EK_API_TRY(show_resource(context, view, *host, *resource)))
        .with("ETag", http::etag_of(resource->revision));
}

void read_live(const Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto host = require_active_host(*view, request);
    if (!host) return responder->send(host.error());
    const wire::Ref ref = ref_of(request);
    const auto known = check_ref(context, *view, *host, ref);
    if (!known) return responder->send(known.error());
    if (!context.bus.is_online(host->id)) {
        return responder->send(
            {.code = http::Code::host_offline, .detail = "the host is not connected"});
    }
    wire::Request ask;
    ask.verb = wire::RequestVerb::read;
    ask.timeout = kLiveTimeout;
    ask.arguments =
        json::Object{{"collection", ref.collection}, {"ids", json::Array{json::Value(ref.id)}}};
    context.bus.request(
        host->id, ask,
        [&context, responder, id = host->id, ref](const Result<json::Value>& result) {
            if (!result) return responder->send(result.error());
            auto reply = live_reply(context, id, ref, *result);
            if (!reply) return responder->send(reply.error());
            responder->send(*std::move(reply));
        });
}

void get_or_read(const Context& context, const Request& request, const Responder& responder) {
    const std::string* live = request.parameter("live");
    if (live && *live == "true") return read_live(context, request, responder);
    if (live && *live != "false") {
        return responder->send(
            {.code = http::Code::invalid_parameter, .detail = "live is true or false"});
    }
    reading(context.state, [&](const auto& view, const auto& asked) {
        return get_resource(context, view, asked);
    })(request, responder);
}

}  // namespace

void add_resources(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}/resources",
                      .permission = "resource.read",
                      .tag = "resources",
                      .summary = "List a host's described resources",
                      .query = list_parameters(resource_fields()),
                      .headers = {"Last-Event-ID"},
                      .answers = list_answers("A page of resources.", "ResourceList"),
                      .handler = listing(context, resource_fields(),
                                         [&](const auto& view, const auto& request) {
                                             return list_resources(context, view, request, "");
                                         }),
                      .produces = list_media_types(),
                      .events = list_events("Resource", "ResourceIdentity")});
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}/resources/{collection}",
                      .permission = "resource.read",
                      .tag = "resources",
                      .summary = "List a host's described resources of one collection",
                      .query = list_parameters(resource_fields()),
                      .headers = {"Last-Event-ID"},
                      .answers = list_answers("A page of resources.", "ResourceList"),
                      .handler = listing(context, resource_fields(),
                                         [&](const auto& view, const auto& request) {
                                             return list_resources(context, view, request,
                                                                   request.at("collection"));
                                         }),
                      .produces = list_media_types(),
                      .events = list_events("Resource", "ResourceIdentity")});
    routes.push_back(
        {.method = "GET",
         .path = "/v1/hosts/{h}/resources/{collection}/{id}",
         .permission = "resource.read",
         .tag = "resources",
         .summary = "Get one resource, as known or, with live=true, as the host reads it now",
         .query = {{.name = "live",
                    .description = "true: ask the host, which must be connected.",
                    .schema = json::Object{{"type", "boolean"}}}},
         .headers = {"If-None-Match"},
         .answers = {{200, "The resource.", "Resource", {"ETag"}},
                     {304, "It has not changed.", "", {"ETag"}}},
         .handler = [&](const Request& request, const Responder& responder) {
             get_or_read(context, request, responder);
         }});
    routes.push_back(
        {.method = "GET",
         .path = "/v1/hosts/{h}/resources/{collection}/{id}/history",
         .permission = "resource.read",
         .tag = "resources",
         .summary = "List what a resource was described as, the newest first",
         .answers = {{200, "The last 20 generations at most.", "FormerDescriptionList"}},
         .handler = reading(context.state, [&](const auto& view, const auto& request) {
             return get_history(context, view, request);
         })});
}

}  // namespace evenkeel::api
