#pragma once

#include <functional>
#include <string>

#include "orchestrator/api/listing.hpp"
#include "orchestrator/state/model_objects.hpp"

// Lists of objects of the model: what is listed is what is got. [loop]
namespace evenkeel::api {

// An object without its revision, which is added.
using ShowObject = std::function<ApiResult<json::Object>(
    const state::View&, const std::string& name, const json::Value& body)>;

// All of a kind, or those whose names begin with `prefix`.
Listing list_objects(const state::View& view, state::ModelKind kind, ShowObject show,
                     std::string_view prefix = "");

// A list that can be followed; the schemas are those of an item and of what identifies it.
http::Route list_route(Context& context, std::string path, const Fields& fields, MakeListing make,
                       const std::string& item, const std::string& identity);

}  // namespace evenkeel::api
