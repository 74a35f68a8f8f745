#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/model_lists.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/model/objects_json.hpp"

// /v1/applications. What is kept of an application is the number of its newest version, and its
// source; versions are kept apart.
namespace evenkeel::api {
namespace {

using http::Request;
using state::ModelObjects;

const Fields& application_fields() {
    static const Fields kFields = {{.name = "name"},
                                   {.name = "version"},
                                   {.name = "note"},
                                   {.name = "source"},
                                   {.name = "revision"}};
    return kFields;
}

std::uint32_t newest_of(const json::Value& kept) {
    return static_cast<std::uint32_t>(kept.integer_or("version"));
}

ApiResult<json::Value> body_of(const state::View& view, const std::string& name,
                               std::uint32_t version) {
    const auto object = EK_API_TRY(view.model_objects().find_version(name, version));
    if (!object) return refuse(http::Code::not_found, "there is no such version");
    return object->body;
}

// What is as if it were not there, so that what was read and comes back is no new version.
void drop_defaults(json::Value& body) {
    if (!body.is_object()) return;
    const std::pair<const char*, json::Value> defaults[] = {
        {"note", ""}, {"parameters", json::Object{}}, {"peers", json::Object{}}};
    for (const auto& [name, value] : defaults) {
        const json::Value* given = body.find(name);
        if (given && (given->is_null() || *given == value)) body.as_object().erase(name);
    }
}

json::Object show_newest(const std::string& name, std::uint32_t version, const json::Value& body,
                         const json::Value& source) {
    json::Object shown = show_application(name, version, body);
    shown.append("source", source);
    return shown;
}

ApiResult<ModelEdit> put_application(const state::View& view, NamedObject named,
                                     const std::string& name, json::Value body) {
    Findings findings;
    take_out(body, {{"name", name}}, {"version", "revision"}, findings);
    if (!findings.empty()) return refuse(findings.problem());
    drop_defaults(body);
    json::Value version_body = body;
    std::vector<model::WrongChange> wrong;  // the model finds it again
    const std::string source = model::take_source(version_body, wrong);
    std::uint32_t version = 1;
    if (named.there) {
        const std::uint32_t newest = newest_of(named.there->body);
        const bool is_same = EK_API_TRY(body_of(view, name, newest)) == version_body;
        version = is_same ? newest : newest + 1;
    }
    named.edit.shown = show_newest(name, version, version_body,
                                   source.empty() ? json::Value() : json::Value(source));
    named.edit.changes.push_back({ModelKind::application, name, std::move(body)});
    return std::move(named.edit);
}

ApiResult<Listing> list_versions(const state::View& view, const Request& request) {
    const std::string name = request.at("name");
    if (!EK_API_TRY(view.model_objects().find(ModelKind::application, name))) {
        return refuse(http::Code::not_found, "there is no application of this name");
    }
    return Listing{
        .list = view.model_objects().versions(name),
        .make_for = [name](const state::View&) -> PageSource::Make {
            return [name](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                const auto object = EK_API_TRY(ModelObjects::read(entry));
                const auto version = EK_API_TRY(ModelObjects::version_of(entry));
                json::Object shown = show_application(name, version, object.body);
                shown.set("revision", object.revision);
                return json::Value(std::move(shown));
            };
        },
        .identity =
            [name](const state::Entry& entry) {
                const std::uint32_t version = ModelObjects::version_of(entry).value_or(0);
                return json::Object{{"name", name}, {"version", std::uint64_t{version}}};
            },
        .touch =
            [name](const state::StoredEvent& event, const json::Value& data, Touched& touched) {
                const bool is_it = event.is(state::EventType::application_changed) &&
                                   data.string_or("name") == name;
                if (is_it) touched.beginnings.insert(ModelObjects::positions_of_versions(name));
            }};
}

ReplyResult get_version(const state::View& view, const Request& request) {
    const std::string& name = request.at("name");
    const auto number = parse_number(request.at("version"));
    if (!number || *number > UINT32_MAX) {
        return refuse(http::Code::invalid_id, "a version is a number");
    }
    const auto version = static_cast<std::uint32_t>(*number);
    const auto object = EK_API_TRY(view.model_objects().find_version(name, version));
    if (!object) return refuse(http::Code::not_found, "there is no such version");
    return show_named(request, show_application(name, version, object->body), object->revision);
}

void add_versions(std::vector<http::Route>& routes, Context& context) {
    const std::string path = "/v1/applications/{name}/versions";
    auto list = list_route(context, path, application_fields(), list_versions, "Application",
                           "VersionIdentity");
    list.permission = "application.read";
    list.tag = "applications";
    list.summary = "List the versions of an application, the oldest first";
    routes.push_back(std::move(list));
    auto get = reading_route(path + "/{version}", "Application");
    get.permission = "application.read";
    get.tag = "applications";
    get.summary = "Get one version of an application";
    get.handler = reading(context.state, get_version);
    routes.push_back(std::move(get));
}

}  // namespace

void add_applications(std::vector<http::Route>& routes, Context& context) {
    const auto base = [](const state::View& view, const std::string& name,
                         const json::Value& kept) -> ApiResult<json::Value> {
        json::Value body = EK_API_TRY(body_of(view, name, newest_of(kept)));
        if (const json::Value* source = kept.find("source"))
            body.as_object().set("source", *source);
        return body;
    };
    add_object_routes(routes, context,
                      {.kind = ModelKind::application,
                       .path = "/v1/applications",
                       .schema = "Application",
                       .fields = &application_fields(),
                       .is_name = compile::is_name,
                       .show = [](const state::View& view, const std::string& name,
                                  const json::Value& kept) -> ApiResult<json::Object> {
                           const auto version = newest_of(kept);
                           return show_newest(name, version,
                                              EK_API_TRY(body_of(view, name, version)),
                                              kept["source"]);
                       },
                       .base = base,
                       .put = put_application});
    add_versions(routes, context);
}

}  // namespace evenkeel::api
