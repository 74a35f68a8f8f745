#include <utility>

#include "core/base/log.hpp"
#include "core/crypto/hash.hpp"
#include "core/schema/schema.hpp"
#include "orchestrator/bus/agent_connection.hpp"
#include "orchestrator/commands/resync.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/resource.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/to_compile.hpp"

// Keeping both sides the same: digest, inventory and the difference; and the collections' schemas.
namespace evenkeel::bus {
namespace {

constexpr int kInventoryPage = 1'000;
// Descriptions of one host; a longer inventory is rejected.
constexpr std::size_t kInventoryMost = 1'000'000;

Result<std::vector<wire::InventoryItem>> decode_page(const json::Value& result) {
    if (!result["items"].is_array()) return fail(Errc::invalid, "an inventory without items");
    std::vector<wire::InventoryItem> page;
    for (const json::Value& item : result["items"].as_array()) {
        wire::InventoryItem entry;
        entry.ref = {item.string_or("collection"), item.string_or("id")};
        entry.generation = EK_TRY(wire::decode_generation(item["generation"]));
        if (!state::fits(entry.ref)) return fail(Errc::invalid, "an inventory names no resource");
        page.push_back(std::move(entry));
    }
    return page;
}

}  // namespace

void AgentConnection::on_digest(const wire::Digest& digest) {
    in_sync_once_ = true;
    const auto agrees = shared_.state.read().and_then(
        [&](const state::Snapshot& now) { return commands::agrees(now, host_, digest); });
    if (!agrees) {
        log::error("a host was not compared", {{"host", host_}, {"error", agrees.error().what}});
    } else if (!*agrees) {
        compare_due_ = true;
    }
    if (lacks_schemas_) fetch_schemas();
    pump();
}

// Commands under way change the host's inventory, so it is compared after they have ended.
void AgentConnection::compare() {
    if (comparing_) return;
    const auto busy = shared_.state.read().and_then(
        [&](const state::Snapshot& now) { return now.commands().has_unfinished(host_); });
    if (!busy || *busy) return;
    compare_due_ = false;
    comparing_ = true;
    fetch_inventory(nullptr, std::make_shared<std::vector<wire::InventoryItem>>());
}

void AgentConnection::fetch_inventory(json::Value after,
                                      std::shared_ptr<std::vector<wire::InventoryItem>> found) {
    wire::Request request;
    request.verb = wire::RequestVerb::inventory;
    request.arguments = json::Object{{"after", std::move(after)}, {"limit", kInventoryPage}};
    this->request(request, [self = shared_from_this(), found](const Result<json::Value>& result) {
        auto page = result ? decode_page(*result)
                           : Result<std::vector<wire::InventoryItem>>(fail(result.error()));
        if (page && found->size() + page->size() > kInventoryMost) {
            page = fail(Errc::limit, "the inventory does not end");
        }
        if (!page) {
            log::warning("no inventory", {{"host", self->host_}, {"error", page.error().what}});
            self->comparing_ = false;
            return;
        }
        found->insert(found->end(), page->begin(), page->end());
        const json::Value& next = (*result)["next"];
        if (next.is_object() && !page->empty()) {
            self->fetch_inventory(next, found);
        } else {
            self->repair(*found);
        }
    });
}

void AgentConnection::repair(const std::vector<wire::InventoryItem>& inventory) {
    auto made = std::make_shared<std::size_t>(0);
    shared_.state.submit(
        [host = host_, inventory, made](state::Edit& edit) -> Result<void> {
            *made = EK_TRY(commands::repair(edit, host, inventory));
            return {};
        },
        [self = shared_from_this(), made](const Result<void>& done) {
            self->comparing_ = false;
            if (done) {
                log::info("a host's descriptions were brought up to date",
                          {{"host", self->host_}, {"commands", std::to_string(*made)}});
            }
            if (!done && done.error().code == Errc::conflict) self->compare_due_ = true;
        });
}

// What cannot be looked up or fetched now is so when a digest comes.
void AgentConnection::fetch_schemas() {
    const auto now = shared_.state.read();
    const auto collections = now ? now->collections().of(host_) : fail(now.error());
    if (!collections) {
        return log::error("a host's schemas are not fetched",
                          {{"host", host_}, {"error", collections.error().what}});
    }
    lacks_schemas_ = false;
    for (const state::Collection& collection : *collections) {
        if (collection.schema_sha256.empty()) continue;
        const auto text = now->collections().schema(collection.schema_sha256);
        if (text && *text) continue;
        lacks_schemas_ = true;
        if (text && schemas_asked_.insert(collection.name).second) fetch_schema(collection);
    }
}

void AgentConnection::fetch_schema(const state::Collection& collection) {
    wire::Request request;
    request.verb = wire::RequestVerb::schema;
    request.arguments = json::Object{{"collection", collection.name}};
    this->request(request,
                  [self = shared_from_this(), collection](const Result<json::Value>& result) {
                      if (result) return self->store_schema(collection, *result);
                      self->schemas_asked_.erase(collection.name);
                      log::warning("no schema", {{"host", self->host_},
                                                 {"collection", collection.name},
                                                 {"error", result.error().what}});
                  });
}

// Kept only if it is the one that was announced, and compiles: it is used for every description.
void AgentConnection::store_schema(const state::Collection& collection, const json::Value& result) {
    const std::string text = result.string_or("schema");
    const auto compiled = schema::Schema::compile(text);
    if (crypto::sha256_hex(text) != collection.schema_sha256 || !compiled) {
        log::warning("a schema is not what the host announced, or does not compile",
                     {{"host", host_},
                      {"collection", collection.name},
                      {"error", compiled ? "" : compiled.error().what}});
        return;
    }
    shared_.state.submit(
        [host = host_, hash = collection.schema_sha256, text](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.collections().put_schema(hash, text));
            return edit.to_compile().put(host, {std::string(state::kCollections)});
        },
        [self = shared_from_this(), name = collection.name](const Result<void>& done) {
            self->schemas_asked_.erase(name);
            if (!done) log::error("a schema was not stored", {{"error", done.error().what}});
        });
}

}  // namespace evenkeel::bus
