#include <utility>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/pages.hpp"
#include "orchestrator/api/shown.hpp"

// /v1/hosts/{h}/collections
namespace evenkeel::api {
namespace {

using http::Request;

json::Object show(const state::Host& host, const state::Collection& collection) {
    return {{"host", host.id},
            {"collection", collection.name},
            {"plugin", collection.plugin},
            {"schema_version", collection.schema_version},
            {"schema_sha256", collection.schema_sha256},
            {"actions", collection.actions}};
}

const Fields& collection_fields() {
    static const Fields kFields = {{.name = "collection"},
                                   {.name = "plugin"},
                                   {.name = "schema_version"},
                                   {.name = "schema_sha256"}};
    return kFields;
}

Outcome list_collections(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_ASK(require_host(view, request));
    const Pages pages(context.vault, context.state.stream().id, collection_fields());
    return pages.answer(
        view, request, view.tables().collections, store::Range::prefix(state::host_prefix(host.id)),
        [&](std::string_view, std::string_view record) -> Checked<std::optional<json::Value>> {
            return show(host,
                        EK_ASK(state::parse_record(record).and_then(state::decode_collection)));
        });
}

Outcome get_collection(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_ASK(require_host(view, request));
    const std::string& name = request.at("collection");
    const auto collection = state::is_collection_name(name) ? EK_ASK(view.collection(host.id, name))
                                                            : std::optional<state::Collection>();
    if (!collection) {
        return refuse(http::Code::unknown_collection, "the host has no such collection");
    }
    const auto schema = EK_ASK(context.schemas.find_hash(view, collection->schema_sha256));
    json::Object shown = show(host, *collection);
    shown.set("schema", schema ? schema->document() : json::Value());
    return http::Reply::json(200, std::move(shown));
}

}  // namespace

void add_collections(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/v1/hosts/{h}/collections",
                      .permission = "host.read",
                      .tag = "collections",
                      .summary = "List the collections that a host has",
                      .query = page_parameters(collection_fields()),
                      .answers = {{200, "A page of collections.", "CollectionList"}},
                      .handler = reading(context.state, [&](const auto& view, const auto& request) {
                          return list_collections(context, view, request);
                      })});
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
