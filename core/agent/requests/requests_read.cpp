#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/requests/replies.hpp"
#include "core/agent/requests/requests.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/wire/relations.hpp"

// The requests that only look.
namespace evenkeel::agent {
namespace {

constexpr std::size_t kInventoryMost = 2'000;
constexpr std::size_t kReadMost = 1'000;

using Items = Result<std::vector<plugin::Item>>;

std::uint64_t deadline_of(const wire::Request& request) {
    return now_monotonic_ns() +
           static_cast<std::uint64_t>(std::chrono::nanoseconds(request.timeout).count());
}

PluginCall reading(const char* what, const wire::Request& request) {
    PluginCall plugin_call(what, deadline_of(request));
    plugin_call.only_reads = true;
    return plugin_call;
}

// The runner of the collection that the request names; null, after answering, when there is none.
CollectionRunner* runner_of(const wire::Request& request, const CollectionRegistry& registry,
                            const Requests::Answer& answer) {
    const std::string name = request.arguments.string_or("collection");
    CollectionRunner* runner = registry.find(name);
    if (!runner) answer({registry.why_missing(name), json::Object{}});
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

}  // namespace evenkeel::agent
