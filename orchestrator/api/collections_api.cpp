#include <utility>

#include "core/schema/schema.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/hosts/{h}/collections
namespace evenkeel::api {
namespace {

using http::Request;

const Fields& collection_fields() {
    static const Fields kFields = {{.name = "collection"},
                                   {.name = "plugin"},
                                   {.name = "schema_version"},
                                   {.name = "schema_sha256"}};
    return kFields;
}

ApiResult<Listing> list_collections(const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    return Listing{
        .list = view.collections().list(host.id),
        .make_for = [host](const state::View&) -> PageSource::Make {
            return [host](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                return state::show(host.id, EK_API_TRY(state::Collections::read(entry)));
            };
        },
        .identity =
            [id = host.id](const state::Entry& entry) {
                return json::Object{{"host", id},
                                    {"collection", state::Collections::name_of(entry)}};
            },
        .touch =
            [id = host.id](const state::StoredEvent& event, const json::Value&, Touched& touched) {
                if (event.is(state::EventType::host_changed) && event.host == id) {
                    touched.beginnings.insert(state::Collections::positions_of(id));
                }
            }};
}

ReplyResult get_collection(const Context& context, const state::View& view,
                           const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    const std::string& name = request.at("collection");
    const auto collection = state::is_collection_name(name)
                                ? EK_API_TRY(view.collections().find(host.id, name))
                                : std::optional<state::Collection>();
    if (!collection) {
        return refuse(unknown_collection(view, host, name));
    }
    const auto schema = EK_API_TRY(context.schemas.find_hash(view, collection->schema_sha256));
    return http::Reply::json(
        200, state::show(host.id, *collection, schema ? schema->document() : json::Value()));
}

}  // namespace

void add_collections(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}/collections",
                      .permission = "host.read",
                      .tag = "collections",
                      .summary = "List the collections that a host has",
                      .query = list_parameters(collection_fields()),
                      .headers = {"Last-Event-ID"},
                      .answers = list_answers("A page of collections.", "CollectionList"),
                      .handler = listing(context, collection_fields(), list_collections),
                      .produces = list_media_types(),
                      .events = list_events("Collection", "CollectionIdentity")});
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}/collections/{collection}",
                      .permission = "host.read",
                      .tag = "collections",
                      .summary = "Get one collection with its JSON Schema",
                      .answers = {{200, "The collection.", "Collection"}},
                      .handler = reading(context.state, [&](const auto& view, const auto& request) {
                          return get_collection(context, view, request);
                      })});
}

}  // namespace evenkeel::api
