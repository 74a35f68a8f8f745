#include "orchestrator/api/model_routes.hpp"

#include <memory>
#include <utility>

#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/model_lists.hpp"
#include "orchestrator/api/submit_command.hpp"

namespace evenkeel::api {
namespace {

using http::Request;
using Kind = std::shared_ptr<const ObjectKind>;

http::Problem missing(const ObjectKind& kind) {
    return {http::Code::not_found,
            "there is no " + std::string(to_string(kind.kind)) + " of this name"};
}

ReplyResult get_object(const ObjectKind& kind, const state::View& view, const Request& request) {
    const std::string& name = request.at("name");
    const auto object = EK_API_TRY(view.model_objects().find(kind.kind, name));
    if (!object) return refuse(missing(kind));
    return show_named(request, EK_API_TRY(kind.show(view, name, object->body)), object->revision);
}

ApiResult<ModelEdit> put_object(const ObjectKind& kind, const state::View& view,
                                const Request& request) {
    const std::string& name = request.at("name");
    if (!kind.is_name(name)) {
        return refuse(http::Code::invalid_id, kind.kind == ModelKind::environment
                                                  ? "the name must be names of [a-z0-9][a-z0-9._-]"
                                                    "{0,62}, joined by /"
                                                  : "the name must be [a-z0-9][a-z0-9._-]{0,62}");
    }
    auto named = EK_API_TRY(find_named(view, request, kind.kind, name));
    return kind.put(view, std::move(named), name, request.json);
}

ApiResult<ModelEdit> patch_object(const ObjectKind& kind, const state::View& view,
                                  const Request& request) {
    const std::string& name = request.at("name");
    auto named = EK_API_TRY(find_named(view, request, kind.kind, name));
    if (!named.there) return refuse(missing(kind));
    json::Value base = named.there->body;
    if (kind.base) base = EK_API_TRY(kind.base(view, name, base));
    json::Value body = kind.patch ? kind.patch(std::move(base), request.json)
                                  : merge_patch(std::move(base), request.json);
    return kind.put(view, std::move(named), name, std::move(body));
}

constexpr const char* kNowOrPlan = "As it is now, or what a dry run would do to hosts.";

http::Route changing_route(std::string method, std::string path) {
    http::Route route;
    route.method = std::move(method);
    route.path = std::move(path);
    route.query = {dry_run_parameter(), errors_parameter()};
    route.headers = {"Prefer", "If-Match", "If-None-Match"};
    return route;
}

// The rest of what the document says of a route.
http::Route described(const ObjectKind& kind, http::Route route, const char* does,
                      std::string summary) {
    route.permission = std::string(to_string(kind.kind)) + does;
    route.tag = kind.path.substr(kind.path.rfind('/') + 1);
    route.summary = std::move(summary);
    return route;
}

}  // namespace

void add_object_routes(std::vector<http::Route>& routes, Context& context,
                       const ObjectKind& object_kind) {
    const Kind kind = std::make_shared<const ObjectKind>(object_kind);
    const std::string one = kind->path + "/{name}";
    const std::string word(to_string(kind->kind));
    routes.push_back(
        described(*kind,
                  list_route(
                      context, kind->path, *kind->fields,
                      [kind](const state::View& view, const Request&) -> ApiResult<Listing> {
                          return list_objects(view, kind->kind, kind->show);
                      },
                      kind->schema, "NameIdentity"),
                  ".read", "List " + word + "s"));
    auto get = reading_route(one, kind->schema);
    get.handler = reading(context.state, [kind](const auto& view, const auto& request) {
        return get_object(*kind, view, request);
    });
    routes.push_back(described(*kind, std::move(get), ".read", "Get one " + word));
    const auto add = [&](http::Route route, const std::string& summary, MakeModelEdit make) {
        add_editing(routes, context, described(*kind, std::move(route), ".write", summary),
                    std::move(make));
    };
    add(put_route(one, kind->schema), "Make or replace one " + word,
        [kind](const auto& view, const auto& request) { return put_object(*kind, view, request); });
    add(patch_route(one, kind->schema + "Body", kind->schema), "Change members of one " + word,
        [kind](const auto& view, const auto& request) {
            return patch_object(*kind, view, request);
        });
    add(delete_route(one), "Delete one " + word + " that nothing uses",
        [kind](const auto& view, const auto& request) {
            return delete_named(view, request, kind->kind, request.at("name"));
        });
}

http::Route reading_route(std::string path, const std::string& schema) {
    http::Route route;
    route.method = "GET";
    route.path = std::move(path);
    route.headers = {"If-None-Match"};
    route.answers = {{200, "As it is now.", schema, {"ETag"}},
                     {304, "It is the same.", "", {"ETag"}}};
    return route;
}

http::Route put_route(std::string path, const std::string& schema) {
    http::Route route = changing_route("PUT", std::move(path));
    route.body = http::Body{.schema = schema + "Body"};
    route.answers = {{200, kNowOrPlan, schema + "OrPlan", {"ETag", "Plan", "Dry-Run"}},
                     {201, "It was made.", schema, {"ETag", "Location", "Plan"}}};
    return route;
}

http::Route patch_route(std::string path, const std::string& body, const std::string& schema) {
    http::Route route = changing_route("PATCH", std::move(path));
    route.body =
        http::Body{.schema = body, .types = {"application/merge-patch+json", "application/json"}};
    route.answers = {{200, kNowOrPlan, schema + "OrPlan", {"ETag", "Plan", "Dry-Run"}}};
    return route;
}

http::Route delete_route(std::string path) {
    http::Route route = changing_route("DELETE", std::move(path));
    route.answers = {{204, "It is deleted.", "", {"Plan"}},
                     {200, "What a dry run would do to hosts.", "PlanPreview", {"Dry-Run"}}};
    return route;
}

}  // namespace evenkeel::api
