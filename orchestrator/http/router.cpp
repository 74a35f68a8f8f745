#include "orchestrator/http/router.hpp"

#include <algorithm>
#include <set>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/http/header_values.hpp"
#include "orchestrator/http/openapi.hpp"
#include "orchestrator/http/path_template.hpp"

namespace evenkeel::http {

namespace {

// Whether a path can match both.
bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const std::string& x, const std::string& y) {
                          return is_variable(x) || is_variable(y) || x == y;
                      });
}

std::string describe(const Route& route) {
    return "route " + route.method + " " + route.path +
           (route.verb.empty() ? "" : ":" + route.verb);
}

Result<std::vector<std::string>> read_template(const Route& route) {
    if (route.path.size() < 2 || route.path.front() != '/') {
        return fail(Errc::invalid, describe(route) + ": the path does not begin with '/'");
    }
    std::vector<std::string> pattern = split(std::string_view(route.path).substr(1), '/');
    std::set<std::string> names;
    for (const std::string& segment : pattern) {
        const bool literal = segment.find_first_of("{}:") == std::string::npos;
        if (segment.empty() || (!literal && !is_variable(segment))) {
            return fail(Errc::invalid, describe(route) + ": '" + segment + "' is no segment");
        }
        if (!literal && !names.insert(segment).second) {
            return fail(Errc::invalid, describe(route) + ": " + segment + " is there twice");
        }
    }
    return pattern;
}

Result<void> check(const Route& route) {
    const auto wrong = [&](std::string_view what) {
        return fail(Errc::invalid, describe(route) + ": " + std::string(what));
    };
    if (route.permission.empty()) return wrong("no permission is declared");
    if (!route.handler) return wrong("no handler is given");
    if (route.summary.empty()) return wrong("no summary is given");
    if (route.answers.empty()) return wrong("no answer is declared");
    if (route.produces.empty()) return wrong("no media type is declared");
    if (!is_token(route.method) || route.method == "HEAD") return wrong("the method is not usable");
    if (!route.verb.empty() && route.method != "POST") return wrong("only POST has verbs");
    if (!route.verb.empty() && !is_token(route.verb)) return wrong("the verb is not a token");
    for (const QueryParameter& query : route.query) {
        if (query.name == "token") return wrong("no query parameter may be named token");
    }
    return {};
}

// The first of the request's query parameters that the route does not know.
std::optional<Problem> check_query(const Route& route, const Request& request) {
    Problem problem{Code::unknown_parameter, ""};
    for (const auto& [name, value] : request.query) {
        const bool known = std::any_of(route.query.begin(), route.query.end(),
                                       [&](const auto& query) { return query.name == name; });
        if (known) continue;
        const std::string shown = printable(name);
        if (problem.detail.empty()) problem.detail = "there is no query parameter " + shown;
        problem.errors.push_back({"", "unknown-parameter", shown});
    }
    return problem.errors.empty() ? std::nullopt : std::optional(std::move(problem));
}

std::optional<Problem> check_accept(const Route& route, const Request& request) {
    if (accepts(request.header("accept"), route.produces)) return std::nullopt;
    return Problem{Code::not_acceptable, "this answers with " + route.produces.front()};
}

// For a route without a body: allows none, or an empty object, which many clients send.
std::optional<Problem> check_no_body(const Request& request) {
    if (request.body.empty()) return std::nullopt;
    const Result<json::Value> value = json::parse(request.body);
    if (value && value->is_object() && value->as_object().empty()) return std::nullopt;
    Problem problem{Code::unknown_field, "this takes no body"};
    if (value && value->is_object()) {
        for (const auto& [name, member] : value->as_object()) {
            problem.errors.push_back({json::pointer("", name), "unknown-field", "not known here"});
        }
    }
    return problem;
}

Problem wrong_media_type(const Route& route) {
    std::string types;
    for (const std::string& type : route.body->types) {
        types.append(types.empty() ? "" : ", ").append(type);
    }
    Problem problem{Code::unsupported_media_type, "send the body as " + types};
    problem.headers.emplace_back(route.method == "PATCH" ? "Accept-Patch" : "Accept", types);
    return problem;
}

std::optional<Problem> read_body(const Route& route, Request& request) {
    if (!route.body) return check_no_body(request);
    if (request.body.empty()) {
        if (!route.body->required) return std::nullopt;
        return Problem{Code::invalid_json, "this needs a JSON body"};
    }
    const std::string* type = request.header("content-type");
    const auto& types = route.body->types;
    if (!type || std::find(types.begin(), types.end(), media_type(*type)) == types.end()) {
        return wrong_media_type(route);
    }
    Result<json::Value> value = json::parse(request.body, {.bytes = route.body->bytes_max});
    if (!value) {
        const bool large =
            value.error().code == Errc::limit && request.body.size() > route.body->bytes_max;
        return Problem{large ? Code::too_large : Code::invalid_json, value.error().what};
    }
    request.json = *std::move(value);
    return std::nullopt;
}

std::string allowed_methods(const std::set<std::string>& methods) {
    std::string text;
    for (const std::string& method : methods) {
        text.append(text.empty() ? "" : ", ").append(method);
        if (method == "GET") text.append(", HEAD");
    }
    return text;
}

void fail_with(const std::exception& failure, Responder& responder) {
    log::error("a handler threw", {{"error", printable(failure.what())}});
    responder.send(Problem{Code::internal, "an internal error; the log names its cause"});
}

}  // namespace

Result<Router> Router::build(std::vector<Route> routes, Options options) {
    Router router;
    auto document = std::make_shared<json::Value>();
    options.schemas.set("OpenApi", json::Object{{"type", "object"}});
    routes.push_back(Route{
        .method = "GET",
        .path = "/v1/openapi.json",
        .permission = std::string(kPublic),
        .tag = "meta",
        .summary = "This document",
        .answers = {{200, "The OpenAPI document", "OpenApi"}},
        .handler =
            [document](const Request&, const std::shared_ptr<Responder>& responder) {
                responder->send(Reply::json(200, *document));
            },
    });
    for (const Route& route : routes) {
        EK_CHECK(check(route));
        for (const std::string& permission : {route.permission, route.dry_run_permission}) {
            if (permission.empty() || permission == kPublic || options.permissions.empty())
                continue;
            if (options.permissions.contains(permission)) continue;
            return fail(Errc::invalid, describe(route) + ": there is no permission " + permission);
        }
        std::vector<std::string> pattern = EK_TRY(read_template(route));
        for (std::size_t i = 0; i < router.templates_.size(); ++i) {
            const Route& other = routes[i];
            if (other.method == route.method && other.verb == route.verb &&
                overlap(router.templates_[i], pattern)) {
                return fail(Errc::invalid, describe(route) + ": shadowed by " + describe(other));
            }
        }
        router.templates_.push_back(std::move(pattern));
    }
    *document = EK_TRY(make_openapi(routes, options));
    router.openapi_ = std::move(document);
    router.routes_ = std::move(routes);
    router.authorize_ = std::move(options.authorize);
    router.refuse_ = std::move(options.refuse);
    router.streaming_ = std::move(options.streaming);
    router.begin_ = std::move(options.begin);
    router.aside_ = std::move(options.aside);
    router.answered_ = std::move(options.answered);
    return router;
}

const Route* Router::find(Request& request, Problem& problem) const {
    std::set<std::string> methods;
    bool path_known = false;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!matches(templates_[i], request.segments)) continue;
        path_known = true;
        const Route& route = routes_[i];
        if (route.verb != request.verb) continue;
        methods.insert(route.method);
        if (route.method != request.method) continue;
        set_variables(templates_[i], request);
        return &route;
    }
    if (!methods.empty()) {
        const std::string allowed = allowed_methods(methods);
        problem = {Code::method_not_allowed, "allowed here: " + allowed};
        problem.headers.emplace_back("Allow", allowed);
    } else if (path_known && !request.verb.empty()) {
        problem = {Code::not_found, "there is no verb " + printable(request.verb) + " here"};
    } else {
        problem = {Code::not_found, "there is no route for this path"};
    }
    return nullptr;
}

const std::string& Router::permission_for(const Route& route, const Request& request) {
    if (route.dry_run_permission.empty()) return route.permission;
    const std::string* dry_run = request.parameter("dry_run");
    return dry_run && *dry_run == "all" ? route.dry_run_permission : route.permission;
}

bool Router::permit(const Route& route, Request& request,
                    const std::shared_ptr<Responder>& responder) const {
    if (route.permission == kPublic) return true;
    // Without an authorize callback nothing is permitted.
    auto refusal = authorize_ ? authorize_(request, permission_for(route, request))
                              : Problem{Code::forbidden, "nobody is authorized here"};
    if (refusal && refuse_) {
        refuse_(request, *std::move(refusal), responder);
        return false;
    }
    if (refusal) {
        responder->send(*refusal);
        return false;
    }
    if (streaming_) {
        responder->on_stream(
            [&callback = streaming_, principal = request.principal](
                const std::shared_ptr<Stream>& stream) { callback(principal, stream); });
    }
    return true;
}

void Router::time_answer(const Request& request,
                         const std::shared_ptr<Responder>& responder) const {
    if (!answered_) return;
    responder->on_answer([callback = answered_, method = request.method, path = request.route,
                          begun = now_monotonic_ns()](int status) {
        callback(method, path, status, static_cast<double>(now_monotonic_ns() - begun) / 1e9);
    });
}

bool Router::admit(Request& request, const std::shared_ptr<Responder>& responder) const {
    try {
        Problem refusal;
        request.matched = find(request, refusal);
        const Route* route = request.matched;
        if (route) request.route = route->path + (route->verb.empty() ? "" : ":" + route->verb);
        if (route && route->body) request.body_bytes_max = route->body->bytes_max;
        time_answer(request, responder);
        if (!route) {
            responder->send(refusal);
            return false;
        }
        if (!permit(*route, request, responder)) return false;
        auto problem = check_query(*route, request);
        if (!problem) problem = check_accept(*route, request);
        if (problem) responder->send(*problem);
        return !problem;
    } catch (const std::exception& failure) {
        fail_with(failure, *responder);
        return false;
    }
}

// The time that the client took to send the body is not the server's.
void Router::serve(Request request, const std::shared_ptr<Responder>& responder) const {
    try {
        time_answer(request, responder);
        if (aside_ && request.body.size() > kLoopBodyBytesMax) {
            return serve_aside(std::move(request), responder);
        }
        if (auto problem = read_body(*request.matched, request)) return responder->send(*problem);
        handle(std::move(request), responder);
    } catch (const std::exception& failure) {
        fail_with(failure, *responder);
    }
}

void Router::serve_aside(Request request, const std::shared_ptr<Responder>& responder) const {
    struct Reading {
        Request request;
        std::optional<Problem> problem = {};
    };
    auto reading = std::make_shared<Reading>(Reading{std::move(request)});
    const auto begun = aside_(
        [reading] { reading->problem = read_body(*reading->request.matched, reading->request); },
        [this, reading, responder] {
            if (reading->problem) return responder->send(*reading->problem);
            try {
                handle(std::move(reading->request), responder);
            } catch (const std::exception& failure) {
                fail_with(failure, *responder);
            }
        });
    if (!begun) responder->send(begun.error());
}

void Router::handle(Request request, const std::shared_ptr<Responder>& responder) const {
    const Route& route = *request.matched;
    auto answering = begin_ ? begin_(route, request, responder) : responder;
    if (answering) route.handler(std::move(request), std::move(answering));
}

void Router::dispatch(Request request, const std::shared_ptr<Responder>& responder) const {
    if (admit(request, responder)) serve(std::move(request), responder);
}

}  // namespace evenkeel::http
