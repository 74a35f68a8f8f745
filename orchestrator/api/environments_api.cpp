#include <utility>

#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/model_routes.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/state/hosts.hpp"

// /v1/environments
namespace evenkeel::api {
namespace {

const Fields& environment_fields() {
    static const Fields kFields = {
        {.name = "name"},   {.name = "note"},  {.name = "protected", .values = {"true", "false"}},
        {.name = "source"}, {.name = "hosts"}, {.name = "revision"}};
    return kFields;
}

ApiResult<ModelEdit> put_environment(const state::View& view, NamedObject named,
                                     const std::string& name, json::Value body) {
    Findings findings;
    take_out(body, {{"name", name}}, {"hosts", "revision"}, findings);
    if (!findings.empty()) return refuse(findings.problem());
    if (body.is_object() && body["strategy"].is_null()) body.as_object().erase("strategy");
    named.edit.shown = show_environment(name, body, EK_API_TRY(view.hosts().count_in(name)));
    named.edit.changes.push_back({ModelKind::environment, name, std::move(body)});
    return std::move(named.edit);
}

}  // namespace

void add_environments(std::vector<http::Route>& routes, Context& context) {
    add_object_routes(
        routes, context,
        {.kind = ModelKind::environment,
         .path = "/v1/environments",
         .schema = "Environment",
         .fields = &environment_fields(),
         .is_name = compile::is_environment_name,
         .show = [](const state::View& view, const std::string& name,
                    const json::Value& body) -> ApiResult<json::Object> {
             return show_environment(name, body, EK_API_TRY(view.hosts().count_in(name)));
         },
         .put =
             [](const state::View& view, NamedObject named, const std::string& name,
                json::Value body) {
                 return put_environment(view, std::move(named), name, std::move(body));
             }});
}

}  // namespace evenkeel::api
