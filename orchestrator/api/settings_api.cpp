#include <utility>

#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/model_lists.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/model/stored_objects.hpp"
#include "orchestrator/plans/planner.hpp"

// /v1/settings
namespace evenkeel::api {
namespace {

using compile::Place;
using compile::Scope;
using compile::ScopeKind;
using http::Request;

const Fields& setting_fields() {
    static const Fields kFields = {{.name = "scope"},
                                   {.name = "key"},
                                   {.name = "secret", .values = {"true", "false"}},
                                   {.name = "source"},
                                   {.name = "revision"}};
    return kFields;
}

ApiResult<Scope> require_scope(const Context& context, const state::View& view,
                               const Request& request) {
    return api::require_scope(*context.planner.model(), view, request);
}

// Of a change the model checks that the scope is there: a plan may make it too.
ApiResult<Place> place_of(const state::View& view, const Request& request) {
    Place place{EK_API_TRY(find_scope(view, request.at("scope"))), request.at("key")};
    const auto read = model::read_setting_name(compile::text_of(place));
    if (!read) return refuse(http::Code::invalid_id, read.error().what);
    return place;
}

ShowObject show_entry(const Context& context) {
    return [&protector = context.protector](const state::View&, const std::string& name,
                                            const json::Value& body) -> ApiResult<json::Object> {
        const Place place = EK_API_TRY(model::read_setting_name(name));
        return show_setting(protector, place,
                            EK_API_TRY(model::from_stored(place, body, protector)));
    };
}

ApiResult<Listing> list_scope(const Context& context, const state::View& view,
                              const Request& request) {
    const Scope scope = EK_API_TRY(require_scope(context, view, request));
    return list_objects(view, ModelKind::setting, show_entry(context), names_in(scope));
}

ReplyResult get_setting(const Context& context, const state::View& view, const Request& request) {
    const Place place = EK_API_TRY(place_of(view, request));
    EK_API_TRY(require_scope(context, view, request));
    const auto kept = EK_API_TRY(find_setting(view, context.protector, place));
    if (!kept) return refuse(http::Code::not_found, "there is no such setting");
    return show_named(request, show_setting(context.protector, place, kept->setting),
                      kept->revision);
}

ApiResult<ModelEdit> put_setting(const Context& context, const state::View& view,
                                 const Request& request) {
    const Place place = EK_API_TRY(place_of(view, request));
    const std::string name = model::setting_name(place);
    ModelEdit edit = EK_API_TRY(find_named(view, request, ModelKind::setting, name)).edit;
    json::Value body = request.json;
    Findings findings;
    take_out(body, {{"key", place.key}}, {"scope", "revision"}, findings);
    put_host_id_in_link(view, body);
    EK_API_TRY(put_kept_secret(view, context.protector, place, "", body, findings));
    if (!findings.empty()) return refuse(findings.problem());
    std::vector<model::WrongChange> wrong;
    edit.shown = show_setting(context.protector, place, model::read_setting(body, wrong));
    edit.changes.push_back({ModelKind::setting, name, std::move(body)});
    return edit;
}

ApiResult<ModelEdit> delete_setting(const Context&, const state::View& view,
                                    const Request& request) {
    const Place place = EK_API_TRY(place_of(view, request));
    return delete_named(view, request, ModelKind::setting, model::setting_name(place));
}

// One key of a patch. A null for what is not there changes nothing.
ApiResult<bool> patch_setting(const Context& context, const state::View& view, const Place& place,
                              json::Value body, ModelEdit& edit, json::Object& shown,
                              Findings& findings) {
    const std::string name = model::setting_name(place);
    const auto object = EK_API_TRY(view.model_objects().find(ModelKind::setting, name));
    edit.seen.push_back({ModelKind::setting, name, object ? object->revision : 0});
    if (body.is_null() && !object) return false;
    const std::string pointer = json::pointer("", place.key);
    if (!body.is_null()) {
        put_host_id_in_link(view, body);
        EK_API_TRY(put_kept_secret(view, context.protector, place, pointer, body, findings));
        std::vector<model::WrongChange> wrong;
        shown.set(place.key, show_value(context.protector, model::read_setting(body, wrong)));
    }
    edit.changes.push_back({ModelKind::setting, name, std::move(body)});
    edit.pointers.push_back(pointer);
    return true;
}

// As the store has it, on any thread.
ApiResult<bool> require_there(const state::View& view, const Scope& scope) {
    std::optional<ModelKind> kind;
    if (scope.kind == compile::ScopeKind::environment) kind = ModelKind::environment;
    if (scope.kind == compile::ScopeKind::assignment) kind = ModelKind::assignment;
    if (!kind || EK_API_TRY(view.model_objects().find(*kind, scope.name))) return true;
    return refuse(http::Code::not_found, "there is no " + compile::text_of(scope));
}

ApiResult<ModelEdit> patch_scope(const Context& context, const state::View& view,
                                 const Request& request) {
    const Scope scope = EK_API_TRY(find_scope(view, request.at("scope")));
    Findings findings;
    ModelEdit edit;
    json::Object settings;
    for (const auto& [key, body] : request.json.as_object()) {
        EK_API_TRY(patch_setting(context, view, {scope, key}, body, edit, settings, findings));
    }
    if (!findings.empty()) return refuse(findings.problem());
    // Otherwise the model checks it.
    if (edit.changes.empty()) EK_API_TRY(require_there(view, scope));
    edit.shown = {{"scope", compile::text_of(scope)}, {"settings", std::move(settings)}};
    return edit;
}

http::Route described(http::Route route, const char* permission, const char* summary) {
    route.permission = permission;
    route.tag = "settings";
    route.summary = summary;
    return route;
}

void add_reading(std::vector<http::Route>& routes, Context& context) {
    const auto add_list = [&](const char* path, MakeListing make, const char* summary) {
        routes.push_back(described(list_route(context, path, setting_fields(), std::move(make),
                                              "Setting", "SettingIdentity"),
                                   "settings.read", summary));
    };
    add_list(
        "/v1/settings",
        [&](const state::View& view, const Request&) -> ApiResult<Listing> {
            return list_objects(view, ModelKind::setting, show_entry(context));
        },
        "List the settings of all scopes");
    add_list(
        "/v1/settings/{scope}",
        [&](const auto& view, const auto& request) { return list_scope(context, view, request); },
        "List the settings of a scope");
    auto get = reading_route("/v1/settings/{scope}/{key}", "Setting");
    get.handler = reading(context.state, [&](const auto& view, const auto& request) {
        return get_setting(context, view, request);
    });
    routes.push_back(
        described(std::move(get), "settings.read", "Get one setting; a secret is redacted"));
}

}  // namespace

void add_settings(std::vector<http::Route>& routes, Context& context) {
    add_reading(routes, context);
    const std::string one = "/v1/settings/{scope}/{key}";
    const auto add = [&](http::Route route, const char* summary, auto make) {
        add_editing(routes, context, described(std::move(route), "settings.write", summary),
                    [&context, make](const auto& view, const auto& request) {
                        return make(context, view, request);
                    });
    };
    auto patch = patch_route("/v1/settings/{scope}", "ScopePatch", "ScopePatched");
    patch.headers = {"Prefer"};
    add(std::move(patch), "Replace and delete settings of a scope, all in one edit", patch_scope);
    add(put_route(one, "Setting"), "Make or replace one setting", put_setting);
    add(delete_route(one), "Delete one setting", delete_setting);
}

}  // namespace evenkeel::api
