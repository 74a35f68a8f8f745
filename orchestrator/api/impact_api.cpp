#include <utility>

#include "orchestrator/api/model_bodies.hpp"
#include "orchestrator/api/reading_compiled.hpp"
#include "orchestrator/plans/impact.hpp"
#include "orchestrator/plans/model_index.hpp"

// /v1/settings/{scope}/{key}/impact: where a setting counts.
namespace evenkeel::api {
namespace {

ReplyResult get_impact(const Context& context, const plans::Moment& moment,
                       const http::Request& request) {
    const compile::Place place =
        EK_API_TRY(require_place(moment.index.model(), moment.view, request));
    const plans::Impact impact = EK_API_TRY(plans::find_impact(moment, context.schemas, place));
    json::Object shown{{"scope", compile::text_of(place.scope)}, {"key", place.key}};
    const json::Value found = impact.shown();
    for (const auto& [name, value] : found.as_object()) shown.append(name, value);
    return http::Reply::json(200, json::Value(std::move(shown)));
}

}  // namespace

void add_impact(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/settings/{scope}/{key}/impact",
         .permission = "settings.read",
         .tag = "settings",
         .summary = "On which hosts, and in which of their resources, a setting counts or would",
         .answers = {{200, "Hosts on which it is used in the same resources are one group.",
                      "SettingImpact"}},
         .handler = reading_compiled(context, [&](const auto& moment, const auto& request) {
             return get_impact(context, moment, request);
         })});
}

}  // namespace evenkeel::api
