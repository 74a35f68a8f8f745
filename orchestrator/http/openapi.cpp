#include "orchestrator/http/openapi.hpp"

#include "orchestrator/http/header_values.hpp"

namespace evenkeel::http {

namespace {

json::Value reference(std::string_view part, std::string_view name) {
    return json::Object{{"$ref", "#/components/" + std::string(part) + "/" + std::string(name)}};
}

json::Value content(const std::vector<std::string>& types, const json::Value& schema) {
    json::Object content;
    for (const std::string& type : types) content.set(type, json::Object{{"schema", schema}});
    return content;
}

// OpenAPI has no keyword for the events of a stream, so an extension names them.
json::Value stream_of(const Route& route) {
    json::Object events;
    for (const auto& [name, schema] : route.events) events.set(name, reference("schemas", schema));
    return json::Object{{"schema", json::Object{{"type", "string"}}}, {"x-ek-events", events}};
}

// The schemas of a success, by media type.
json::Value content_of(const Route& route, const json::Value& schema) {
    json::Value all = content(route.produces, schema);
    if (json::Value* stream = all.as_object().find("text/event-stream")) {
        *stream = stream_of(route);
    }
    return all;
}

// RFC 9457 with our members, for components/schemas.
json::Value problem_schema() {
    const json::Value text = json::Object{{"type", "string"}};
    const json::Value field = json::Object{
        {"type", "object"},
        {"properties", json::Object{{"pointer", text}, {"code", text}, {"detail", text}}},
        {"required", json::Array{"pointer", "code", "detail"}},
    };
    return json::Object{
        {"type", "object"},
        {"properties",
         json::Object{
             {"type", text},
             {"title", text},
             {"status", json::Object{{"type", "integer"}}},
             {"detail", text},
             {"instance", text},
             {"code", text},
             {"request_id", text},
             {"errors", json::Object{{"type", "array"}, {"items", field}}},
         }},
        {"required", json::Array{"type", "title", "status", "code", "request_id"}},
    };
}

// Whether the route takes an Idempotency-Key.
bool has_idempotency_key(const Route& route) {
    return route.method != "GET" && route.permission != kPublic;
}

void add_path_parameters(const Route& route, json::Array& parameters) {
    for (std::size_t at = route.path.find('{'); at != std::string::npos;
         at = route.path.find('{', at + 1)) {
        const std::size_t end = route.path.find('}', at);
        parameters.emplace_back(json::Object{
            {"name", route.path.substr(at + 1, end - at - 1)},
            {"in", "path"},
            {"required", true},
            {"schema", json::Object{{"type", "string"}}},
        });
    }
}

json::Value parameters_of(const Route& route) {
    json::Array parameters;
    add_path_parameters(route, parameters);
    for (const QueryParameter& query : route.query) {
        parameters.emplace_back(json::Object{
            {"name", query.name},
            {"in", "query"},
            {"description", query.description},
            {"schema", query.schema},
        });
    }
    std::vector<std::string> headers = route.headers;
    if (has_idempotency_key(route)) headers.emplace_back("Idempotency-Key");
    for (const std::string& header : headers) {
        parameters.emplace_back(json::Object{
            {"name", header}, {"in", "header"}, {"schema", json::Object{{"type", "string"}}}});
    }
    return parameters;
}

json::Value headers_of(const Route& route, std::vector<std::string> names) {
    names.emplace_back("X-Request-Id");
    if (has_idempotency_key(route)) names.emplace_back("Idempotency-Replayed");
    json::Object headers;
    for (const std::string& name : names) {
        headers.set(name, json::Object{{"schema", json::Object{{"type", "string"}}}});
    }
    return headers;
}

json::Value answers_of(const Route& route) {
    json::Object answers;
    for (const Answer& answer : route.answers) {
        json::Object one{{"description", answer.description},
                         {"headers", headers_of(route, answer.headers)}};
        if (!answer.schema.empty()) {
            one.append("content", content_of(route, reference("schemas", answer.schema)));
        } else if (answer.status == 200 && route.produces.front() != "application/json") {
            const json::Value text = json::Object{{"type", "string"}};
            one.append("content", content_of(route, text));
        }
        answers.set(std::to_string(answer.status), std::move(one));
    }
    answers.set("default", reference("responses", "Problem"));
    return answers;
}

// "getV1HostsH", "postV1HostsHApply": made from method, path and verb, which are unique.
std::string operation_id(const Route& route) {
    std::string id = to_lower(route.method);
    bool upper = true;
    for (const char c : route.path + ":" + route.verb) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool word = lower || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (word) id += upper && lower ? static_cast<char>(c - 'a' + 'A') : c;
        upper = !word;
    }
    return id;
}

json::Value operation_of(const Route& route) {
    json::Object operation{
        {"operationId", operation_id(route)}, {"summary", route.summary},
        {"tags", json::Array{route.tag}},     {"x-ek-permission", route.permission},
        {"parameters", parameters_of(route)},
    };
    if (!route.dry_run_permission.empty()) {
        operation.append("x-ek-permission-dry-run", route.dry_run_permission);
    }
    if (route.body) {
        operation.append(
            "requestBody",
            json::Object{
                {"required", route.body->required},
                {"content", content(route.body->types, reference("schemas", route.body->schema))},
            });
    }
    operation.append("responses", answers_of(route));
    if (route.permission == kPublic) operation.append("security", json::Array{});
    return operation;
}

Result<void> check_schemas(const Route& route, const json::Object& schemas) {
    std::vector<std::string> names;
    if (route.body) names.push_back(route.body->schema);
    for (const Answer& answer : route.answers) {
        if (!answer.schema.empty()) names.push_back(answer.schema);
    }
    for (const auto& [name, schema] : route.events) names.push_back(schema);
    for (const std::string& name : names) {
        if (schemas.contains(name)) continue;
        return fail(Errc::invalid, "route " + route.method + " " + route.path +
                                       ": there is no schema named '" + name + "'");
    }
    return {};
}

json::Value problem_headers() {
    json::Object headers;
    for (const char* name :
         {"X-Request-Id", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining",
          "RateLimit-Reset", "WWW-Authenticate", "Allow", "Accept", "Accept-Patch", "ETag"}) {
        headers.set(name, json::Object{{"schema", json::Object{{"type", "string"}}}});
    }
    return headers;
}

}  // namespace

Result<json::Value> make_openapi(const std::vector<Route>& routes, const Router::Options& options) {
    json::Object paths;
    for (const Route& route : routes) {
        EK_CHECK(check_schemas(route, options.schemas));
        const std::string path = route.verb.empty() ? route.path : route.path + ":" + route.verb;
        json::Value* item = paths.find(path);
        if (!item) item = &paths.set(path, json::Object{});
        item->as_object().set(to_lower(route.method), operation_of(route));
    }
    json::Object schemas = options.schemas;
    schemas.set("Problem", problem_schema());
    json::Object document{
        {"openapi", "3.1.0"},
        {"info", json::Object{{"title", options.title}, {"version", options.version}}},
        {"paths", std::move(paths)},
        {"components",
         json::Object{
             {"schemas", std::move(schemas)},
             {"responses", json::Object{{"Problem",
                                         json::Object{
                                             {"description", "Anything that is not a success"},
                                             {"headers", problem_headers()},
                                             {"content", content({"application/problem+json"},
                                                                 reference("schemas", "Problem"))},
                                         }}}},
             {"securitySchemes",
              json::Object{
                  {"token", json::Object{{"type", "http"}, {"scheme", "bearer"}}},
              }},
         }},
        {"security", json::Array{json::Object{{"token", json::Array{}}}}},
    };
    if (!options.permissions.empty()) document.append("x-ek-permissions", options.permissions);
    return document;
}

}  // namespace evenkeel::http
