#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/filter.hpp"
#include "orchestrator/api/model_edits.hpp"

// The routes of one kind of objects that have a name: the list, and GET, PUT, PATCH and DELETE of
// one. [loop]
namespace evenkeel::api {

struct ObjectKind {
    ModelKind kind{};
    std::string path;    // "/v1/environments"
    std::string schema;  // "Environment": of PUT and PATCH it is "EnvironmentBody"
    const Fields* fields = nullptr;
    bool (*is_name)(std::string_view) = nullptr;
    // As it is shown but for its revision; `body` is the kept one.
    std::function<ApiResult<json::Object>(const state::View&, const std::string& name,
                                          const json::Value& body)>
        show = {};
    // What a patch changes, of the kept body. Absent: that.
    std::function<ApiResult<json::Value>(const state::View&, const std::string& name,
                                         const json::Value& body)>
        base = {};
    std::function<json::Value(json::Value base, const json::Value& patch)> patch = {};
    // From the body of a PUT, or a patched one, to the changes and what is shown.
    std::function<ApiResult<ModelEdit>(const state::View&, NamedObject, const std::string& name,
                                       json::Value body)>
        put = {};
};
void add_object_routes(std::vector<http::Route>& routes, Context& context, const ObjectKind& kind);

// A GET of one object, and the changes of one; the caller adds the handler, permission and summary.
http::Route reading_route(std::string path, const std::string& schema);
http::Route put_route(std::string path, const std::string& schema);
http::Route patch_route(std::string path, const std::string& body, const std::string& schema);
http::Route delete_route(std::string path);

}  // namespace evenkeel::api
