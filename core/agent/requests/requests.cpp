#include "core/agent/requests/requests.hpp"

#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/truncate.hpp"
#include "core/agent/requests/check_answer.hpp"
#include "core/agent/requests/export.hpp"
#include "core/agent/requests/file_entries.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::size_t kInventoryMost = 2'000;
constexpr std::size_t kReadMost = 1'000;

using wire::RequestVerb;
using Items = Result<std::vector<plugin::Item>>;

wire::Reply failed(Errc code, std::string what) {
    return {Error{code, std::move(what)}, json::Object{}};
}

wire::Reply replied(json::Value result) {
    write_truncated(result);
    return {std::nullopt, std::move(result)};
}

std::uint64_t deadline_of(const wire::Request& request) {
    return now_monotonic_ns() +
           static_cast<std::uint64_t>(std::chrono::nanoseconds(request.timeout).count());
}

PluginCall reading(const char* what, const wire::Request& request) {
    PluginCall plugin_call(what, deadline_of(request));
    plugin_call.only_reads = true;
    return plugin_call;
}

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

// The runner of the collection that the request names; null, after answering, when there is none.
CollectionRunner* runner_of(const wire::Request& request, const CollectionRegistry& registry,
                            const Requests::Answer& answer) {
    const std::string name = request.arguments.string_or("collection");
    CollectionRunner* runner = registry.find(name);
    if (!runner) {
        answer(failed(Errc::not_found,
                      "this host has no plugin for the collection '" + printable(name) + "'"));
    }
    return runner;
}

Result<std::vector<std::string>> ids_of(const json::Value& arguments) {
    std::vector<std::string> ids;
    const json::Value& list = arguments["ids"];
    if (!list.is_array() || list.as_array().size() > kReadMost) {
        return fail(Errc::invalid, "'ids' is not a list of at most 1000");
    }
    for (const json::Value& id : list.as_array()) {
        if (!id.is_string()) return fail(Errc::invalid, "an id is not text");
        ids.push_back(id.as_string());
    }
    return ids;
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

// The description decides which fields of the state are secret.
json::Value Requests::item_of(const plugin::Item& item, const wire::Ref& ref, bool local) const {
    json::Value body = json::Object{};
    const auto stored = parts_.store->description(ref);
    if (stored && *stored) body = (*stored)->body;
    if (parts_.catalog.has_left_secret(ref)) body.as_object().set("sensitive", true);
    const CollectionRunner* runner = parts_.registry.find(ref.collection);
    json::Object out{
        {"id", item.id},
        {"state", item.error ? json::Value() : runner->collection().redact(body, item.state)}};
    if (item.error) out.set("error", wire::encode(*item.error));
    if (const CatalogEntry* entry = parts_.catalog.find(ref); local && entry && stored && *stored) {
        Description shown = **stored;
        shown.metadata.origin = wire::Origin::local;
        out.set("description", shown_body(shown, parts_.registry, parts_.store->sealer()));
        out.set("policy", wire::to_string(entry->metadata.policy));
        wire::put_relations(out, entry->metadata.relations);
        out.set("origin", wire::to_string(entry->metadata.origin));
        out.set("generation", wire::encode(entry->metadata.generation));
        out.set("compliance", wire::encode(entry->status.compliance));
    }
    return out;
}

void Requests::read(const wire::Request& request, bool local, const Answer& answer) {
    CollectionRunner* runner = runner_of(request, parts_.registry, answer);
    if (!runner) return;
    const auto ids = ids_of(request.arguments);
    if (!ids) return answer({ids.error(), json::Object{}});
    for (const std::string& id : *ids) {
        if (auto fits = check_id(runner->collection().schema(), id); !fits) {
            return answer({fits.error(), json::Object{}});
        }
    }
    runner->run<Items>(
        reading("read", request),
        [ids = *ids](LaneContext& lane, const plugin::Call& call) {
            return lane.collection->read(ids, call);
        },
        [this, answer, local, name = runner->name()](Result<Items> result) {
            if (!result) return answer({result.error(), json::Object{}});
            if (!*result) return answer({result->error(), json::Object{}});
            json::Array items;
            for (const plugin::Item& item : **result) {
                items.push_back(item_of(item, {name, item.id}, local));
            }
            answer(replied(json::Object{{"items", std::move(items)}}));
        });
}

void Requests::list(const wire::Request& request, const Answer& answer) {
    CollectionRunner* runner = runner_of(request, parts_.registry, answer);
    if (!runner) return;
    runner->run<Items>(
        reading("list", request),
        [](LaneContext& lane, const plugin::Call& call) { return lane.collection->list({}, call); },
        [this, answer, name = runner->name()](Result<Items> result) {
            if (!result) return answer({result.error(), json::Object{}});
            if (!*result) return answer({result->error(), json::Object{}});
            json::Array items;
            for (const plugin::Item& item : **result) {
                items.push_back(item_of(item, {name, item.id}, false));
            }
            answer(replied(json::Object{{"items", std::move(items)}}));
        });
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

void Requests::inventory(const wire::Request& request, const Answer& answer) {
    const json::Value& after = request.arguments["after"];
    const wire::Ref begin{after.string_or("collection"), after.string_or("id")};
    const std::int64_t asked = request.arguments.integer_or("limit", kInventoryMost);
    const auto limit = static_cast<std::size_t>(
        std::clamp<std::int64_t>(asked, 1, static_cast<std::int64_t>(kInventoryMost)));
    json::Array items;
    json::Value next;
    for (const wire::InventoryItem& item : parts_.catalog.inventory()) {
        if (after.is_object() && item.ref <= begin) continue;
        if (items.size() == limit) {
            const json::Value& last = items.back();
            next = json::Object{{"collection", last["collection"]}, {"id", last["id"]}};
            break;
        }
        items.push_back(json::Object{{"collection", item.ref.collection},
                                     {"id", item.ref.id},
                                     {"generation", wire::encode(item.generation)}});
    }
    answer({std::nullopt, json::Object{{"items", std::move(items)}, {"next", std::move(next)}}});
}

void Requests::schema(const wire::Request& request, const Answer& answer) {
    const CollectionRunner* runner = runner_of(request, parts_.registry, answer);
    if (!runner) return;
    const plugin::Collection& collection = runner->collection();
    json::Array actions;
    for (const std::string& action : collection.actions()) actions.push_back(action);
    answer({std::nullopt, json::Object{{"schema", collection.schema_text()},
                                       {"schema_version", collection.schema_version()},
                                       {"schema_sha256", collection.schema().hash()},
                                       {"actions", std::move(actions)}}});
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
        return store.drop_disabled(txn, name);
    };
    parts_.journal.commit({}, write, [this, answer, name](const Result<void>& done) {
        if (!done) return answer({done.error(), json::Object{}});
        const bool is_served = on_release && on_release(name);
        answer({std::nullopt, json::Object{{"released", name},
                                           {"after", is_served ? json::Value() : "restart"}}});
    });
}

}  // namespace evenkeel::agent
