#include "core/agent/requests/requests.hpp"

#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/requests/check_answer.hpp"
#include "core/agent/requests/export.hpp"
#include "core/agent/requests/file_entries.hpp"
#include "core/agent/requests/replies.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

using wire::RequestVerb;

// Of a FILE; "errors" has each wrong field by itself.
wire::Reply refused(const std::vector<wire::WrongField>& wrong) {
    json::Array errors;
    for (const wire::WrongField& each : wrong) {
        errors.push_back(
            json::Object{{"pointer", each.pointer}, {"code", each.code}, {"detail", each.detail}});
    }
    return {Error{Errc::invalid, wire::text_of(wrong)},
            json::Object{{"errors", std::move(errors)}}};
}

}  // namespace

bool Requests::answer_common(const wire::Request& request, bool local, Answer& answer) {
    if (!request.verb.known()) return false;
    switch (*request.verb.known()) {
        case RequestVerb::read:
            read(request, local, answer);
            return true;
        case RequestVerb::list:
            list(request, answer);
            return true;
        case RequestVerb::plan:
            plan(request, local, answer);
            return true;
        case RequestVerb::schema:
            schema(request, answer);
            return true;
        case RequestVerb::inventory:
            inventory(request, answer);
            return true;
        default:
            return false;
    }
}

void Requests::answer(const wire::Request& request, Answer answer) {
    if (!answer_common(request, false, answer)) {
        answer(
            failed(Errc::unsupported, "unknown request '" + printable(request.verb.text()) + "'"));
    }
}

void Requests::answer_local(const wire::Request& request, const LocalAnswer& to) {
    const OpenName<RequestVerb>& verb = request.verb;
    Answer answer = to.reply;
    if (verb == RequestVerb::apply) {
        apply(request, answer);
    } else if (verb == RequestVerb::invoke) {
        invoke(request, answer);
    } else if (verb == RequestVerb::check) {
        check(request, to);
    } else if (verb == RequestVerb::export_file) {
        auto selection = decode_export(request.arguments);
        if (!selection) return answer({selection.error(), json::Object{}});
        Export::run({parts_.catalog, parts_.registry, parts_.store}, std::move(*selection),
                    request.timeout, answer);
    } else if (verb == RequestVerb::plugins) {
        answer({std::nullopt, parts_.registry.describe()});
    } else if (verb == RequestVerb::release) {
        release(request, answer);
    } else if (verb == RequestVerb::status) {
        answer({std::nullopt, json::Object{{"version", EVENKEEL_VERSION},
                                           {"descriptions", parts_.catalog.size()},
                                           {"found_by_sweep", parts_.tracker.found_by_sweep()},
                                           {"unfinished", parts_.engine.unfinished()},
                                           {"outbox", parts_.journal.status()}}});
    } else if (!answer_common(request, true, answer)) {
        answer(failed(Errc::unsupported, "unknown request '" + printable(verb.text()) + "'"));
    }
}

void Requests::plan(const wire::Request& request, bool local, const Answer& answer) {
    std::vector<wire::ResourceRequest> resources;
    if (local) {
        auto file =
            decode_file(request.arguments, {parts_.catalog, parts_.registry, *parts_.store});
        if (!file) return answer(refused(file.error()));
        resources = *std::move(file);
    } else {
        auto asked = decode_resources(request.arguments["resources"]);
        if (!asked) return answer({asked.error(), json::Object{}});
        resources = *std::move(asked);
    }
    const Intent intent{OpenName<wire::Verb>(request.arguments.string_or("verb", "apply")),
                        local ? wire::Origin::local : wire::Origin::orchestrator, false};
    parts_.engine.plan(intent, resources, request.timeout,
                       [answer](const std::vector<wire::ResourceResult>& entries) {
                           json::Array results;
                           for (const wire::ResourceResult& done : entries) {
                               results.push_back(wire::encode(done));
                           }
                           answer(replied(json::Object{{"resources", std::move(results)}}));
                       });
}

void Requests::apply(const wire::Request& request, const Answer& answer) {
    auto resources =
        decode_file(request.arguments, {parts_.catalog, parts_.registry, *parts_.store});
    if (!resources) return answer(refused(resources.error()));
    parts_.admission.take_local(wire::Verb::apply, std::move(*resources),
                                request.arguments.bool_or("detach"), request.timeout,
                                [answer](const CommandResult& result) {
                                    answer({std::nullopt, encode(result)});
                                });
}

void Requests::invoke(const wire::Request& request, const Answer& answer) {
    wire::ResourceRequest resource;
    resource.ref = {request.arguments.string_or("collection"), request.arguments.string_or("id")};
    resource.action = request.arguments.string_or("action");
    resource.arguments = request.arguments["arguments"];
    if (resource.ref.collection.empty() || resource.ref.id.empty() || resource.action.empty()) {
        return answer(failed(Errc::invalid, "collection, id or action is missing"));
    }
    parts_.admission.take_local(wire::Verb::invoke, {std::move(resource)}, false, request.timeout,
                                [answer](const CommandResult& result) {
                                    answer({std::nullopt, encode(result)});
                                });
}

void Requests::check(const wire::Request& request, const LocalAnswer& answer) {
    const bool streams = answer.stream && request.arguments.bool_or("stream");
    parts_.checker.round(CheckTrigger::check, [this, answer, streams] {
        if (streams) return answer.stream(check_lines(parts_.catalog, parts_.tracker));
        answer.reply({std::nullopt, check_answer(parts_.catalog, parts_.tracker)});
    });
}

void Requests::release(const wire::Request& request, const Answer& answer) {
    const std::string name = request.arguments.string_or("collection");
    const auto write = [&store = parts_.journal.store(), name](store::WriteTxn& txn, const auto&) {
        return store.drop_held(txn, name);
    };
    parts_.journal.commit({}, write, [this, answer, name](const Result<void>& done) {
        if (!done) return answer({done.error(), json::Object{}});
        on_release(name, [answer, name](const Result<void>& served) {
            if (!served && served.error().code != Errc::conflict)
                return answer({served.error(), json::Object{}});
            answer({std::nullopt,
                    json::Object{{"released", name},
                                 {"after", served ? json::Value() : json::Value("restart")}}});
        });
    });
}

}  // namespace evenkeel::agent
