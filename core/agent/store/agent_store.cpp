#include "core/agent/store/agent_store.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "core/agent/store/codecs.hpp"
#include "core/agent/store/layout.hpp"
#include "core/agent/store/migrate.hpp"
#include "core/agent/store/scan_records.hpp"
#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"

namespace evenkeel::agent {
namespace {

using store::number_key;
using store::resource_key;

std::string key_of(const wire::Ref& ref) {
    return resource_key(ref.collection, ref.id);
}

std::string key_of(const Tombstone& tombstone) {
    return number_key(tombstone.generation.revision) + crypto::sha256(key_of(tombstone.ref));
}

store::Env::Options store_options(const std::string& key_file) {
    store::Env::Options options;
    options.tables = {"bodies", "descriptions",          "observations",    "tombstones",
                      "inbox",  "pending_notifications", "inbox_resources", "inbox_bodies",
                      "outbox", "disabled_collections"};
    options.retired_tables = {std::begin(kRetiredTables), std::end(kRetiredTables)};
    options.migrations = {[key_file](const store::Env& env, store::WriteTxn& txn) {
        return migrate_to_layout_2(env, txn, key_file);
    }};
    return options;
}

}  // namespace

AgentStore::AgentStore(store::Env env, crypto::Sealer sealer, std::string stream,
                       std::uint64_t last_body)
    : env_(std::move(env)),
      sealer_(std::move(sealer)),
      stream_(std::move(stream)),
      last_body_(std::make_unique<std::atomic<std::uint64_t>>(last_body)),
      bodies_(env_.table("bodies")),
      descriptions_(env_.table("descriptions")),
      observations_(env_.table("observations")),
      tombstones_(env_.table("tombstones")),
      pending_notifications_(env_.table("pending_notifications")),
      inbox_(env_.table("inbox")),
      inbox_resources_(env_.table("inbox_resources")),
      inbox_bodies_(env_.table("inbox_bodies")),
      outbox_(env_.table("outbox")),
      held_(env_.table("disabled_collections")),
      meta_(env_.table("meta")) {}

Result<AgentStore> AgentStore::open(const std::string& state_dir) {
    EK_CHECK(make_folder(state_dir, 0700));
    const std::string key_file = state_dir + "/store.key";
    // A store that was removed is begun anew, and told as lost; an empty file is damage.
    std::error_code error;
    const std::string data = state_dir + "/store/data.mdb";
    if (std::filesystem::exists(data, error) && std::filesystem::is_empty(data, error) &&
        ::access(key_file.c_str(), F_OK) == 0) {
        return fail(Errc::corrupt,
                    data + " is empty, though there was a store: to begin anew remove " +
                        state_dir +
                        "/store; the orchestrator then sends again what it describes, and what "
                        "was applied locally must be applied again");
    }
    store::Env env = EK_TRY(store::Env::open(state_dir + "/store", store_options(key_file)));
    std::string stream;
    std::uint64_t last_body = 0;
    bool sealed = false;
    {
        const store::ReadTxn txn = EK_TRY(env.read());
        stream = EK_TRY(store::stream_of(env, txn)).id;
        for (const char* table : {"bodies", "inbox_resources", "outbox"}) {
            sealed |= EK_TRY(txn.count(env.table(table))) > 0;
        }
        const auto last = EK_TRY(txn.first(env.table("bodies"), store::Range::all().reversed()));
        if (last) last_body = EK_TRY(store::number_of(last->first));
    }
    crypto::Sealer sealer = EK_TRY(crypto::Sealer::open(
        key_file, sealed ? crypto::Sealer::Missing::refuse : crypto::Sealer::Missing::create));
    return AgentStore(std::move(env), std::move(sealer), std::move(stream), last_body);
}

Result<store::FileCheck> AgentStore::check(const std::string& state_dir) {
    const std::string folder = state_dir + "/store";
    const std::string key_file = state_dir + "/store.key";
    const store::FileCheck found = EK_TRY(store::Env::check(folder));
    auto env = store::Env::open_for_reading(folder, store_options(key_file));
    // An older layout has other tables.
    if (!env && env.error().code == Errc::not_found) return found;
    if (!env) return fail(env.error());
    crypto::Sealer sealer = EK_TRY(crypto::Sealer::open(key_file, crypto::Sealer::Missing::refuse));
    const AgentStore store(*std::move(env), std::move(sealer), "", 0);
    for (const Metadata& one : EK_TRY(store.load()).metadata) {
        if (auto read = store.description(one.ref); !read) {
            return fail(Errc::corrupt,
                        one.ref.collection + " " + one.ref.id + ": " + read.error().what);
        }
    }
    return found;
}

Result<void> AgentStore::load_resources(const store::ReadTxn& txn, Loaded& into) const {
    EK_CHECK(each_record(txn, descriptions_, [&](auto, std::string_view record) {
        return append_record(layout::json_of_description(record), decode_metadata, into.metadata);
    }));
    EK_CHECK(each_record(txn, observations_, [&](auto, std::string_view record) {
        return append_record(record, decode_observation, into.observations).map([&into] {
            into.observations.back().state = nullptr;
        });
    }));
    EK_CHECK(each_record(txn, pending_notifications_, [&](auto, std::string_view record) {
        return append_record(record, decode_pending_notifications, into.pending_notifications);
    }));
    return each_record(txn, tombstones_, [&](auto, std::string_view record) {
        return append_record(record, decode_tombstone, into.tombstones);
    });
}

Result<AgentStore::Loaded> AgentStore::load() const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    Loaded loaded;
    EK_CHECK(load_resources(txn, loaded));
    EK_CHECK(load_inbox(txn, loaded));
    EK_CHECK(load_traffic(txn, loaded));
    return loaded;
}

Result<std::optional<AgentStore::StoredDescription>> AgentStore::find(const wire::Ref& ref) const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    const auto record = EK_TRY(txn.get(descriptions_, key_of(ref)));
    if (!record) return std::nullopt;
    const std::uint64_t number = EK_TRY(layout::body_of_description(*record));
    auto sealed = EK_TRY(txn.get(bodies_, number_key(number)));
    if (!sealed) return fail(Errc::corrupt, "a description without body");
    return StoredDescription{std::string(layout::json_of_description(*record)), number,
                             std::move(*sealed)};
}

Result<std::optional<Description>> AgentStore::description(const wire::Ref& ref) const {
    const auto found = EK_TRY(find(ref));
    if (!found) return std::nullopt;
    const json::Value head = EK_TRY(json::parse(found->head, layout::kRecordLimits));
    return Description{EK_TRY(decode_metadata(head)),
                       EK_TRY(open_body(found->number, found->sealed)), found->number};
}

Result<void> AgentStore::each_description(
    const std::function<bool(const Metadata&)>& wants,
    const std::function<void(const Description&)>& visit) const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    return each_record(txn, descriptions_, [&](auto, std::string_view record) -> Result<void> {
        const json::Value head =
            EK_TRY(json::parse(layout::json_of_description(record), layout::kRecordLimits));
        Metadata metadata = EK_TRY(decode_metadata(head));
        if (!wants(metadata)) return {};
        const std::uint64_t number = EK_TRY(layout::body_of_description(record));
        const auto sealed = EK_TRY(txn.get(bodies_, number_key(number)));
        if (!sealed) return fail(Errc::corrupt, "a description without body");
        visit({std::move(metadata), EK_TRY(open_body(number, *sealed)), number});
        return {};
    });
}

Result<std::optional<json::Value>> AgentStore::body(const wire::Ref& ref) const {
    const auto found = EK_TRY(find(ref));
    if (!found) return std::nullopt;
    return EK_TRY(open_body(found->number, found->sealed));
}

Result<json::Value> AgentStore::open_body(std::uint64_t number, const std::string& sealed) const {
    const crypto::Secret text = EK_TRY(sealer_.unseal(sealed, layout::body_context(number)));
    return json::parse(text.reveal(), layout::kRecordLimits);
}

Result<std::optional<Observation>> AgentStore::observation(const wire::Ref& ref) const {
    std::optional<std::string> text;
    {
        const store::ReadTxn txn = EK_TRY(env_.read());
        text = EK_TRY(txn.get(observations_, key_of(ref)));
    }
    if (!text) return std::nullopt;
    const json::Value value = EK_TRY(json::parse(*text, layout::kRecordLimits));
    return EK_TRY(decode_observation(value));
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Description& description) const {
    const std::string key = key_of(description.metadata.ref);
    std::uint64_t before = 0;
    if (const auto record = EK_TRY(txn.get(descriptions_, key))) {
        before = EK_TRY(layout::body_of_description(*record));
    }
    std::uint64_t number = description.body_number;
    if (number == 0 || !EK_TRY(adopt_body(txn, number))) {
        number = ++*last_body_;
        EK_CHECK(put_body(txn, number, description.body));
    }
    if (before != 0 && before != number) EK_CHECK(release_body(txn, before));
    return txn.put(descriptions_, key,
                   layout::join_description(number, json::write(encode(description.metadata))));
}

Result<void> AgentStore::put_metadata(store::WriteTxn& txn, const Metadata& metadata) const {
    const auto stored = EK_TRY(head(txn, metadata.ref));
    if (!stored || stored->metadata.generation != metadata.generation ||
        stored->metadata.origin != metadata.origin) {
        return {};
    }
    Metadata next = metadata;
    next.schema_version = stored->metadata.schema_version;
    return txn.put(descriptions_, key_of(metadata.ref),
                   layout::join_description(stored->number, json::write(encode(next))));
}

Result<bool> AgentStore::put_upgraded(store::WriteTxn& txn, const Description& upgraded) const {
    auto stored = EK_TRY(head(txn, upgraded.metadata.ref));
    if (!stored || stored->number != upgraded.body_number) return false;
    stored->metadata.schema_version = upgraded.metadata.schema_version;
    EK_CHECK(put(txn, Description{std::move(stored->metadata), upgraded.body, 0}));
    return true;
}

Result<std::optional<AgentStore::StoredHead>> AgentStore::head(const store::ReadTxn& txn,
                                                               const wire::Ref& ref) const {
    const auto record = EK_TRY(txn.get(descriptions_, key_of(ref)));
    if (!record) return std::nullopt;
    const std::uint64_t number = EK_TRY(layout::body_of_description(*record));
    const json::Value text =
        EK_TRY(json::parse(layout::json_of_description(*record), layout::kRecordLimits));
    return StoredHead{EK_TRY(decode_metadata(text)), number};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Observation& observation) const {
    return txn.put(observations_, key_of(observation.ref), json::write(encode(observation)));
}

Result<void> AgentStore::put(store::WriteTxn& txn, const PendingNotifications& pending) const {
    const std::string key = key_of(pending.source);
    if (!pending.notices.empty()) {
        return txn.put(pending_notifications_, key, json::write(encode(pending)));
    }
    EK_TRY(txn.erase(pending_notifications_, key));
    return {};
}

Result<void> AgentStore::drop(store::WriteTxn& txn, const wire::Ref& ref) const {
    const std::string key = key_of(ref);
    if (const auto record = EK_TRY(txn.get(descriptions_, key))) {
        const std::uint64_t body = EK_TRY(layout::body_of_description(*record));
        EK_CHECK(release_body(txn, body));
    }
    for (const store::Table& table : {descriptions_, observations_, pending_notifications_}) {
        EK_TRY(txn.erase(table, key));
    }
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Tombstone& tombstone) const {
    EK_CHECK(txn.put(tombstones_, key_of(tombstone), json::write(encode(tombstone))));
    if (EK_TRY(txn.count(tombstones_)) > kTombstonesMost) {
        EK_TRY(txn.erase(tombstones_, store::Range::all(), 1));
    }
    return {};
}

Result<void> AgentStore::drop(store::WriteTxn& txn, const Tombstone& tombstone) const {
    EK_TRY(txn.erase(tombstones_, key_of(tombstone)));
    return {};
}

}  // namespace evenkeel::agent
