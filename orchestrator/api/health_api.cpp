#include <utility>

#include "core/store/damage.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/metrics.hpp"

// /livez, /readyz and /version: without a token
namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

// Works waiting for the disk above which new ones are better sent elsewhere.
constexpr std::size_t kDepthMost = 5'000;

void get_ready(const Context& context, const Responder& responder) {
    const auto view = context.state.read();
    const bool store = view.has_value() && view->revision().has_value() && !store::damage() &&
                       !store::is_restart_needed();
    const bool writer = context.state.depth() < kDepthMost;
    const bool bus = context.bus.port() != 0 && context.enrolment_port() != 0;
    const auto word = [](bool well) { return well ? "ok" : "failing"; };
    const bool full = context.state.is_full();
    const bool ready = store && !full && writer && bus;
    responder->send(http::Reply::json(
        ready ? 200 : 503,
        json::Object{{"ready", ready},
                     {"checks", json::Object{{"store", full ? "full" : word(store)},
                                             {"writer", word(writer)},
                                             {"bus", word(bus)}}}}));
}

void get_metrics(const Context& context, const Responder& responder) {
    const auto text = context.metrics.text(context);
    if (!text) return responder->send(text.error());
    http::Reply reply = http::Reply::text(200, *text);
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    responder->send(std::move(reply));
}

void get_problem(const Request& request, const Responder& responder) {
    const auto kind = http::problem_kind(request.at("code"));
    if (!kind) {
        return responder->send(
            {.code = http::Code::not_found, .detail = "there is no problem of this code"});
    }
    responder->send(http::Reply::json(200, json::Object{{"type", "/problems/" + kind->code},
                                                        {"code", kind->code},
                                                        {"status", kind->status},
                                                        {"title", kind->title}}));
}

}  // namespace

void add_health(std::vector<http::Route>& routes, Context& context) {
    routes.push_back({.method = "GET",
                      .path = "/livez",
                      .permission = std::string(http::kPublic),
                      .tag = "health",
                      .summary = "Whether the process answers",
                      .answers = {{200, "It does.", "Alive"}},
                      .handler = [](const Request&, const Responder& responder) {
                          responder->send(http::Reply::json(200, json::Object{{"alive", true}}));
                      }});
    routes.push_back({.method = "GET",
                      .path = "/readyz",
                      .permission = std::string(http::kPublic),
                      .tag = "health",
                      .summary = "Whether it can do its work, check by check",
                      .answers = {{200, "Ready.", "Ready"}, {503, "Not ready.", "Ready"}},
                      .handler = [&context](const Request&, const Responder& responder) {
                          get_ready(context, responder);
                      }});
    routes.push_back(
        {.method = "GET",
         .path = "/metrics",
         .permission = std::string(http::kPublic),
         .tag = "health",
         .summary = "Counters and gauges in Prometheus' text format",
         .answers = {{200, "The metrics."}},
         .handler = [&context](const Request&,
                               const Responder& responder) { get_metrics(context, responder); },
         .produces = {"text/plain"}});
    routes.push_back({.method = "GET",
                      .path = "/problems/{code}",
                      .permission = std::string(http::kPublic),
                      .tag = "health",
                      .summary = "What a problem's type means",
                      .answers = {{200, "Its title and status.", "ProblemKind"}},
                      .handler = get_problem});
    routes.push_back(
        {.method = "GET",
         .path = "/version",
         .permission = std::string(http::kPublic),
         .tag = "health",
         .summary = "The program's version",
         .answers = {{200, "The version.", "Version"}},
         .handler = [](const Request&, const Responder& responder) {
             responder->send(http::Reply::json(
                 200, json::Object{{"version", EVENKEEL_VERSION},
                                   {"api", "v1"},
                                   {"bus_protocol", json::Object{{"min", wire::kProtocolMin},
                                                                 {"max", wire::kProtocolMax}}}}));
         }});
}

}  // namespace evenkeel::api
