#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/responder.hpp"

namespace evenkeel::http {

// Runs on the loop and must not block; answers through the responder now or later.
using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;

// Checks the permission: nothing, or `unauthenticated` or `forbidden`. May set
// request.principal. Not asked for kPublic routes. [loop]
using Authorize = std::function<std::optional<Problem>(Request&, std::string_view permission)>;
// Answers what Authorize has refused, now or later. [loop]
using Refuse = std::function<void(const Request&, Problem, std::shared_ptr<Responder>)>;
// Called with each stream that a request has opened. [loop]
using Streaming = std::function<void(const Principal&, const std::shared_ptr<Stream>&)>;

// Called for each answer: the route's template ("" when none matched) and how long it took. [any]
using Answered = std::function<void(std::string_view method, std::string_view route, int status,
                                    double seconds)>;

struct Route;
// Sees a request that passed every check, before its handler: the responder that the handler gets,
// or null when it has answered itself. May set request.once. [loop]
using Begin =
    std::function<std::shared_ptr<Responder>(const Route&, Request&, std::shared_ptr<Responder>)>;

// The permission of a route that needs no token.
inline constexpr std::string_view kPublic = "public";

// Runs `work` on another thread and then `done` on the loop; an error when it cannot. [loop]
using Aside = std::function<Result<void>(std::function<void()> work, std::function<void()> done)>;
// Bodies that are larger are read aside: the loop would be held for more than 5 ms.
inline constexpr std::size_t kLoopBodyBytesMax = 256 * 1024;

struct QueryParameter {
    std::string name;
    std::string description;
    json::Value schema = json::Object{{"type", "string"}};
};

// A JSON body that the route takes. `schema` names a component; the router checks the media type
// and the JSON gate, the handler the schema.
struct Body {
    std::string schema;
    bool required = true;
    std::vector<std::string> types = {"application/json"};
    std::size_t bytes_max = json::Limits{}.bytes;  // more is 413
};

// A success that the route can return; problems are added automatically. `schema` names a
// component; empty means no body.
struct Answer {
    int status = 200;
    std::string description;
    std::string schema = {};
    std::vector<std::string> headers = {};  // further response headers
};

// One entry of the table that is used both for dispatch and for the OpenAPI document.
struct Route {
    std::string method;
    std::string path;        // "/v1/hosts/{h}/resources/{collection}/{id}"
    std::string verb = {};   // "apply" for POST /v1/hosts/{h}:apply
    std::string permission;  // kPublic or a permission; empty: the router is not built
    // Of a request with ?dry_run=all, which only reads; empty: the same.
    std::string dry_run_permission = {};
    std::string tag;
    std::string summary;
    std::vector<QueryParameter> query = {};
    std::vector<std::string> headers = {};  // further request headers that it uses
    std::optional<Body> body = {};
    std::vector<Answer> answers;
    Handler handler;
    std::vector<std::string> produces = {"application/json"};  // media types of a success
    // Of text/event-stream: the component that the data of each event is, by the event's name.
    std::vector<std::pair<std::string, std::string>> events = {};
};

// Finds the route and checks, in this order: path (404), method (405 with Allow), permission
// (401, 403), query parameters (400), Accept (406), media type (415), JSON (400). Then the handler
// is called; one that throws answers 500.
class Router {
  public:
    struct Options {
        Authorize authorize = {};
        Refuse refuse = {};        // absent: the problem is sent at once
        Streaming streaming = {};  // not called for kPublic routes
        // What each permission means, for the document. Unless it is empty routes may declare only
        // these and kPublic.
        json::Object permissions = {};
        Begin begin = {};
        Aside aside = {};  // absent: all bodies are read on the loop
        Answered answered = {};
        std::string title = "Evenkeel";
        std::string version = {};
        // OpenAPI components/schemas by name. Routes may name only these.
        json::Object schemas = {};
    };

    // Adds GET /v1/openapi.json, public. `invalid` names a route without permission, handler,
    // answers or summary, with a permission that is not known, with a malformed path or verb, with
    // an unknown schema, or one that another route shadows.
    static Result<Router> build(std::vector<Route> routes, Options options);

    // On the header, before the body is read: the checks down to Accept. False when the request was
    // refused, which has then been answered, or will be. [loop]
    bool admit(Request& request, const std::shared_ptr<Responder>& responder) const;
    // The rest, for a request that was admitted. [loop]
    void serve(Request request, const std::shared_ptr<Responder>& responder) const;
    // Both, for a request whose body is there. [loop]
    void dispatch(Request request, const std::shared_ptr<Responder>& responder) const;

    // OpenAPI 3.1.
    const json::Value& openapi() const { return *openapi_; }
    // In the order given; for tests of all routes.
    const std::vector<Route>& routes() const { return routes_; }

  private:
    Router() = default;
    const Route* find(Request& request, Problem& problem) const;
    static const std::string& permission_for(const Route& route, const Request& request);
    // False when the request was refused, which has then been answered, or will be.
    bool permit(const Route& route, Request& request,
                const std::shared_ptr<Responder>& responder) const;
    void serve_aside(Request request, const std::shared_ptr<Responder>& responder) const;
    void handle(Request request, const std::shared_ptr<Responder>& responder) const;
    void time_answer(const Request& request, const std::shared_ptr<Responder>& responder) const;

    std::vector<Route> routes_;
    std::vector<std::vector<std::string>> templates_;  // the path of routes_[i] in segments
    Authorize authorize_;
    Refuse refuse_;
    Streaming streaming_;
    Begin begin_;
    Aside aside_;
    Answered answered_;
    std::shared_ptr<const json::Value> openapi_;
};

}  // namespace evenkeel::http
