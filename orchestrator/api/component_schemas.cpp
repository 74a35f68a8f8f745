#include "orchestrator/api/component_schemas.hpp"

#include <string_view>
#include <utility>

#include "orchestrator/state/rest_shapes.hpp"

namespace evenkeel::api {
namespace {

// What no table of fields gives: schemas.json, put in by the build.
constexpr std::string_view kText =
#include "orchestrator/api/schemas.inc"
    ;

}  // namespace

Result<json::Object> component_schemas() {
    json::Value schemas = EK_TRY(json::parse(kText));
    if (!schemas.is_object()) return fail(Errc::internal, "the API's schemas are no object");
    json::Object all = state::rest::schemas();
    for (auto& [name, schema] : schemas.as_object()) all.append(name, std::move(schema));
    return all;
}

}  // namespace evenkeel::api
