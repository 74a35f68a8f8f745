#include <algorithm>
#include <utility>

#include "orchestrator/api/reading_compiled.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/plans/wanted.hpp"

// /v1/hosts/{h}/wanted: what a host shall have by the model, compiled now.
namespace evenkeel::api {
namespace {

using http::Request;

constexpr std::size_t kReplyBytesMost = 32 << 20;

using Wants = std::function<bool(const wire::Ref&)>;

ApiResult<plans::WantedNow> compile_now(const Context& context, const plans::Moment& moment,
                                        const Request& request) {
    const state::Host host = EK_API_TRY(require_host(moment.view, request));
    return EK_API_TRY(plans::find_wanted(moment, context.protector, context.schemas, host));
}

json::Value show(const compile::CompileError& error) {
    return json::Object{{"assignment", error.assignment},
                        {"pointer", error.pointer},
                        {"code", error.code},
                        {"detail", error.detail}};
}

ReplyResult get_all(const Context& context, const plans::Moment& moment, const Request& request,
                    const Wants& wants) {
    plans::WantedNow now = EK_API_TRY(compile_now(context, moment, request));
    json::Array errors;
    for (const compile::CompileError& error : now.errors) errors.push_back(show(error));
    json::Array items;
    for (plans::WantedNow::Item& item : now.items) {
        if (wants(item.ref)) items.push_back(std::move(item.shown));
    }
    http::Reply reply =
        http::Reply::json(200, json::Object{{"status", errors.empty() ? "compiled" : "error"},
                                            {"revision", now.revision},
                                            {"errors", std::move(errors)},
                                            {"items", std::move(items)}});
    if (reply.body.size() > kReplyBytesMost) {
        return refuse(http::Code::too_large,
                      "they are more than 32 MiB: ask for one collection, or for one resource");
    }
    return reply;
}

http::Problem not_compiling(const std::vector<compile::CompileError>& errors) {
    http::Problem problem{http::Code::does_not_compile,
                          "the host does not compile: what it shall have is not known"};
    for (const compile::CompileError& error : errors) {
        const std::string whose =
            error.assignment.empty() ? "" : "assignment " + error.assignment + ": ";
        problem.errors.push_back({error.pointer, error.code, whose + error.detail});
    }
    return problem;
}

ReplyResult get_one(const Context& context, const plans::Moment& moment, const Request& request) {
    plans::WantedNow now = EK_API_TRY(compile_now(context, moment, request));
    if (!now.errors.empty()) return refuse(not_compiling(now.errors));
    const wire::Ref ref{request.at("collection"), request.at("id")};
    const auto found = std::find_if(now.items.begin(), now.items.end(),
                                    [&](const auto& item) { return item.ref == ref; });
    if (found == now.items.end()) {
        return refuse(http::Code::not_found,
                      ref.collection + " " + ref.id + " is not what the host shall have");
    }
    return http::Reply::json(200, found->shown);
}

http::Route route(std::string path, const char* summary, http::Answer answer,
                  http::Handler handler) {
    return {.method = "GET",
            .path = std::move(path),
            .permission = "resource.read",
            .tag = "hosts",
            .summary = summary,
            .answers = {std::move(answer)},
            .handler = std::move(handler)};
}

}  // namespace

void add_wanted(std::vector<http::Route>& routes, Context& context) {
    const std::string all = "/v1/hosts/{h}/wanted";
    const http::Answer answer{200, "Compiled now, or why it does not compile.", "WantedList"};
    routes.push_back(route(all, "What a host shall have by the model, compiled now", answer,
                           reading_compiled(context, [&](const auto& moment, const auto& request) {
                               return get_all(context, moment, request,
                                              [](const wire::Ref&) { return true; });
                           })));
    routes.push_back(route(all + "/{collection}", "The same of one collection", answer,
                           reading_compiled(context, [&](const auto& moment, const auto& request) {
                               return get_all(context, moment, request, [&](const wire::Ref& ref) {
                                   return ref.collection == request.at("collection");
                               });
                           })));
    routes.push_back(route(all + "/{collection}/{id}",
                           "One resource that a host shall have, compiled now",
                           {200, "As it would be described.", "WantedResource"},
                           reading_compiled(context, [&](const auto& moment, const auto& request) {
                               return get_one(context, moment, request);
                           })));
}

}  // namespace evenkeel::api
