#include <utility>

#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/model/objects_json.hpp"

// /v1/assignments. An assignment's settings are those of its scope, and are kept there.
namespace evenkeel::api {
namespace {

using compile::Scope;

const Fields& assignment_fields() {
    static const Fields kFields = {{.name = "name"},
                                   {.name = "note"},
                                   {.name = "application"},
                                   {.name = "version"},
                                   {.name = "environment", .is_tree = true},
                                   {.name = "host", .is_host = true},
                                   {.name = "policy"},
                                   {.name = "enabled", .values = {"true", "false"}},
                                   {.name = "adopt", .values = {"true", "false"}},
                                   {.name = "on_leave", .values = name_list<compile::OnLeave>()},
                                   {.name = "source"},
                                   {.name = "revision"}};
    return kFields;
}

// Each setting as it is shown afterwards; those of a PUT without the member are kept.
ApiResult<json::Object> take_settings(const Context& context, const state::View& view,
                                      const std::string& name, json::Value& body,
                                      Findings& findings) {
    const Scope scope = Scope::assignment(name);
    json::Value* settings = body.is_object() ? body.as_object().find("settings") : nullptr;
    if (settings && settings->is_null()) {
        body.as_object().erase("settings");
        settings = nullptr;
    }
    if (!settings) return EK_API_TRY(show_scope(view, context.protector, scope));
    json::Object shown;
    if (!settings->is_object()) return shown;
    for (auto& [key, setting] : settings->as_object()) {
        put_host_id_in_link(view, setting);
        EK_API_TRY(put_kept_secret(view, context.protector, {scope, key},
                                   json::pointer("/settings", key), setting, findings));
        std::vector<model::WrongChange> wrong;
        shown.set(key, show_value(context.protector, model::read_setting(setting, wrong)));
    }
    return shown;
}

ApiResult<ModelEdit> put_assignment(const Context& context, const state::View& view,
                                    NamedObject named, const std::string& name, json::Value body) {
    Findings findings;
    take_out(body, {{"name", name}}, {"revision"}, findings);
    put_host_id(view, body);
    json::Object settings = EK_API_TRY(take_settings(context, view, name, body, findings));
    if (!findings.empty()) return refuse(findings.problem());
    named.edit.shown = show_assignment(name, body, std::move(settings));
    named.edit.changes.push_back({ModelKind::assignment, name, std::move(body)});
    return std::move(named.edit);
}

// Each key of `settings` is replaced whole, as in a patch of their scope.
json::Value patch_assignment(json::Value base, const json::Value& patch) {
    if (!patch.is_object()) return patch;
    json::Value rest = patch;
    rest.as_object().erase("settings");
    json::Value settings = base["settings"];
    base = merge_patch(std::move(base), rest);
    if (!patch.find("settings")) {
        base.as_object().erase("settings");
        return base;
    }
    if (patch["settings"].is_object()) {
        for (const auto& [key, value] : patch["settings"].as_object()) {
            if (value.is_null()) settings.as_object().erase(key);
            else settings.as_object().set(key, value);
        }
    } else {
        settings = patch["settings"].is_null() ? json::Value(json::Object{}) : patch["settings"];
    }
    base.as_object().set("settings", std::move(settings));
    return base;
}

}  // namespace

void add_assignments(std::vector<http::Route>& routes, Context& context) {
    const auto settings_of = [&context](const state::View& view, const std::string& name) {
        return show_scope(view, context.protector, Scope::assignment(name));
    };
    add_object_routes(routes, context,
                      {.kind = ModelKind::assignment,
                       .path = "/v1/assignments",
                       .schema = "Assignment",
                       .fields = &assignment_fields(),
                       .is_name = compile::is_name,
                       .show = [settings_of](const state::View& view, const std::string& name,
                                             const json::Value& body) -> ApiResult<json::Object> {
                           return show_assignment(name, body, EK_API_TRY(settings_of(view, name)));
                       },
                       .base = [settings_of](const state::View& view, const std::string& name,
                                             const json::Value& body) -> ApiResult<json::Value> {
                           json::Value whole = body;
                           whole.as_object().set("settings", EK_API_TRY(settings_of(view, name)));
                           return whole;
                       },
                       .patch = patch_assignment,
                       .put =
                           [&context](const state::View& view, NamedObject named,
                                      const std::string& name, json::Value body) {
                               return put_assignment(context, view, std::move(named), name,
                                                     std::move(body));
                           }});
}

}  // namespace evenkeel::api
