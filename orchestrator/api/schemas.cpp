#include "orchestrator/api/schemas.hpp"

#include <string_view>

namespace evenkeel::api {
namespace {

// schemas.json, put in by the build.
constexpr std::string_view kText =
#include "orchestrator/api/schemas.inc"
    ;

}  // namespace

Result<json::Object> component_schemas() {
    json::Value schemas = EK_TRY(json::parse(kText));
    if (!schemas.is_object()) return fail(Errc::internal, "the API's schemas are no object");
    return std::move(schemas.as_object());
}

}  // namespace evenkeel::api
