#include "orchestrator/state/migrations.hpp"

#include <map>
#include <string>
#include <utility>

#include "core/crypto/hash.hpp"
#include "core/wire/inventory_digest.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/state/host_migrations.hpp"
#include "orchestrator/state/records.hpp"

namespace evenkeel::state {
namespace {

// As layout 2 spells and writes them.
class Layout2 {
  public:
    Layout2(const store::Env& env, store::WriteTxn& txn) : txn_(txn), tables_(tables_of(env)) {}

    store::WriteTxn& txn() { return txn_; }
    const Tables& tables() const { return tables_; }

    Result<std::uint64_t> add_body(const json::Value& body) {
        const std::uint64_t number = EK_TRY(read_counter(txn_, tables_, "bodies")) + 1;
        EK_CHECK(write_counter(txn_, tables_, "bodies", number));
        EK_CHECK(put_record(txn_, tables_.bodies, store::number_key(number), body));
        return number;
    }
    Result<void> hold(std::string_view host, const wire::Ref& ref, const std::string& holder,
                      const std::string& what) {
        const std::string key =
            host_key(host, crypto::sha256(store::resource_key(ref.collection, ref.id)));
        return txn_.put(tables_.holders, key + holder, what);
    }
    Result<std::vector<std::string>> keys(store::Table table) const {
        std::vector<std::string> all;
        EK_CHECK(txn_.scan(table, store::Range::all(), [&](std::string_view key, std::string_view) {
            all.emplace_back(key);
            return true;
        }));
        return all;
    }
    Result<json::Value> record(store::Table table, std::string_view key) const {
        const auto text = EK_TRY(txn_.get(table, key));
        return text ? parse_record(*text) : Result<json::Value>(json::Value());
    }

  private:
    store::WriteTxn& txn_;
    Tables tables_;
};

wire::Ref ref_of(const json::Value& record) {
    return {record.string_or("collection"), record.string_or("id")};
}

std::string host_of(std::string_view key) {
    return std::string(key.substr(0, key.find('\0')));
}

// The body of what a record of layout 1 describes.
json::Value body_of(const json::Value& record, std::string_view written_at) {
    json::Object body{{"collection", record["collection"]},
                      {"id", record["id"]},
                      {"generation", record["generation"]},
                      {"policy", record["policy"]},
                      {"origin", record.string_or("origin", "orchestrator")},
                      {"schema_version", record.integer_or("schema_version")},
                      {"written_at", written_at}};
    for (const char* name : {"requires", "notifies"}) {
        if (const json::Value* value = record.find(name)) body.set(name, *value);
    }
    body.set("description", record["description"]);
    return body;
}

// The body that an entry of an unfinished command brings: the one of its resource, if that is still
// of the same generation.
Result<std::uint64_t> body_of_entry(Layout2& store, const std::string& host,
                                    const json::Value& entry, const std::string& written_at) {
    if (entry["arguments"].is_string() && !entry.string_or("arguments").empty()) {
        return store.add_body(json::Object{{"collection", entry["collection"]},
                                           {"id", entry["id"]},
                                           {"arguments", entry["arguments"]}});
    }
    if (!entry["description"].is_object()) return 0U;
    const json::Value resource =
        EK_TRY(store.record(store.tables().resources, resource_key(host, ref_of(entry))));
    const bool same = entry["generation"].is_object() && !resource.bool_or("removing") &&
                      resource["generation"] == entry["generation"];
    if (same) return static_cast<std::uint64_t>(resource.integer_or("body"));
    return store.add_body(body_of(entry, written_at));
}

Result<void> separate_command(Layout2& store, const std::string& place, const std::string& host,
                              const std::string& id) {
    json::Value command = EK_TRY(store.record(store.tables().commands, id));
    // A queue entry without a command was an error before, and has no use.
    if (!command.is_object()) return {};
    const std::string seq = place.substr(place.size() - 8);
    const bool action = command.string_or("verb") == "invoke";
    json::Array entries;
    for (const json::Value& old : command["resources"].as_array()) {
        const std::uint64_t number =
            EK_TRY(body_of_entry(store, host, old, command.string_or("created_at")));
        json::Value entry = old;
        entry.as_object().erase("description");
        entry.as_object().erase("arguments");
        entry.as_object().set("body", number);
        if (!action) {
            EK_CHECK(store.hold(host, ref_of(old), "c" + seq, std::to_string(number) + " " + id));
        }
        entries.push_back(std::move(entry));
    }
    command.as_object().set("resources", std::move(entries));
    const auto expires = static_cast<std::uint64_t>(command.integer_or("expires_at_ms"));
    EK_CHECK(store.txn().put(store.tables().deadlines, store::number_key(expires) + id, "1"));
    if (command.string_or("state") != "queued") {
        const std::string mark = command.bool_or("cancelling") ? "c" : "-";
        EK_CHECK(store.txn().put(store.tables().accepted, place, mark + id));
        EK_CHECK(store.txn().erase(store.tables().queue, place));
    }
    return put_record(store.txn(), store.tables().commands, id, command);
}

Result<void> to_layout_2(const store::Env& env, store::WriteTxn& txn) {
    EK_CHECK(separate_resource_bodies(env, txn));
    EK_CHECK(separate_command_bodies(env, txn));
    EK_CHECK(rename_enrolments(env, txn));
    return separate_last_seen(env, txn);
}

// What each host should hold gets its digest, so that it need not be read to be compared.
Result<void> to_layout_3(const store::Env& env, store::WriteTxn& txn) {
    const Tables tables = tables_of(env);
    std::map<std::string, wire::InventoryDigest> digests;
    Result<void> read;
    EK_CHECK(txn.scan(
        tables.resources, store::Range::all(), [&](std::string_view key, std::string_view text) {
            const auto record = parse_record(text);
            if (!record) read = fail(record.error());
            if (!record || record->string_or("origin", "orchestrator") != "orchestrator") {
                return read.has_value();
            }
            const json::Value& generation = (*record)["generation"];
            digests[host_of(key)].add(
                ref_of(*record),
                {.stream = generation.string_or("stream"),
                 .revision = static_cast<std::uint64_t>(generation.integer_or("revision"))});
            return true;
        }));
    EK_CHECK(read);
    for (const auto& [host, digest] : digests) {
        EK_CHECK(txn.put(tables.digests, host, digest.bytes()));
    }
    return index_environments(env, txn);
}

}  // namespace

std::vector<store::Env::Migration> migrations() {
    return {to_layout_2, to_layout_3};
}

Result<void> separate_resource_bodies(const store::Env& env, store::WriteTxn& txn) {
    Layout2 store(env, txn);
    for (const std::string& key : EK_TRY(store.keys(store.tables().resources))) {
        json::Value record = EK_TRY(store.record(store.tables().resources, key));
        if (!record.is_object()) return fail(Errc::corrupt, "a resource's record does not read");
        const std::uint64_t number =
            EK_TRY(store.add_body(body_of(record, record.string_or("observed_at"))));
        EK_CHECK(store.hold(host_of(key), ref_of(record), "r", std::to_string(number)));
        record.as_object().erase("description");
        record.as_object().set("body", number);
        EK_CHECK(put_record(txn, store.tables().resources, key, record));
    }
    return {};
}

Result<void> separate_command_bodies(const store::Env& env, store::WriteTxn& txn) {
    Layout2 store(env, txn);
    for (const std::string& place : EK_TRY(store.keys(store.tables().queue))) {
        const auto id = EK_TRY(txn.get(store.tables().queue, place));
        if (!id || place.size() < 8) continue;
        const bool known = EK_TRY(txn.get(store.tables().commands, *id)).has_value();
        EK_CHECK(known ? separate_command(store, place, host_of(place), *id) : Result<void>());
        if (!known) EK_CHECK(txn.erase(store.tables().queue, place));
    }
    return {};
}

}  // namespace evenkeel::state
