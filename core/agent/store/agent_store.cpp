#include "core/agent/store/agent_store.hpp"

#include <utility>

#include "core/agent/store/codecs.hpp"
#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"

namespace evenkeel::agent {
namespace {

using store::number_key;
using store::resource_key;

constexpr const char* kMark = "mark";
constexpr const char* kDebt = "owes_truth";
constexpr const char* kLast = "outbox_last";
constexpr std::string_view kHold = "held/";
// A FILE that a local administrator applies is the largest record.
constexpr json::Limits kRecordLimits{.bytes = 64 << 20};

std::string key_of(const wire::Ref& ref) {
    return resource_key(ref.collection, ref.id);
}

std::string key_of(const Tombstone& tombstone) {
    return number_key(tombstone.generation.revision) + crypto::sha256(key_of(tombstone.ref));
}

// Runs `take` on every record of the range; its first error ends the scan.
Result<void> each(const store::ReadTxn& txn, store::Table table, const store::Range& range,
                  const std::function<Result<void>(std::string_view, const json::Value&,
                                                   std::size_t bytes)>& take) {
    Result<void> outcome;
    EK_CHECK(txn.scan(table, range, [&](std::string_view key, std::string_view text) {
        const auto value = json::parse(text, kRecordLimits);
        outcome = value ? take(key, *value, text.size()) : Result<void>(fail(value.error()));
        return outcome.has_value();
    }));
    if (!outcome) return fail(Errc::corrupt, "the agent's store: " + outcome.error().what);
    return {};
}

}  // namespace

AgentStore::AgentStore(store::Env env, crypto::Sealer sealer, std::string stream)
    : env_(std::move(env)),
      sealer_(std::move(sealer)),
      stream_(std::move(stream)),
      descriptions_(env_.table("descriptions")),
      observations_(env_.table("observations")),
      removals_(env_.table("removals")),
      full_reports_(env_.table("debts")),
      inbox_(env_.table("inbox")),
      outbox_(env_.table("outbox")),
      meta_(env_.table("meta")) {}

Result<AgentStore> AgentStore::open(const std::string& state_dir) {
    EK_CHECK(make_folder(state_dir, 0700));
    store::Env env = EK_TRY(store::Env::open(
        state_dir + "/store",
        {.tables = {"descriptions", "observations", "removals", "debts", "inbox", "outbox"},
         .migrations = {}}));
    std::string stream;
    bool sealed = false;
    {
        const store::ReadTxn txn = EK_TRY(env.read());
        stream = EK_TRY(store::stream_of(env, txn)).id;
        for (const char* table : {"descriptions", "inbox", "outbox"}) {
            sealed |= EK_TRY(txn.count(env.table(table))) > 0;
        }
    }
    crypto::Sealer sealer = EK_TRY(
        crypto::Sealer::open(state_dir + "/store.key", sealed ? crypto::Sealer::Missing::refuse
                                                              : crypto::Sealer::Missing::create));
    return AgentStore(std::move(env), std::move(sealer), std::move(stream));
}

Result<json::Value> AgentStore::unseal(const json::Value& entry, const std::string& context) const {
    const crypto::Secret text = EK_TRY(sealer_.unseal(entry.string_or("sealed"), context));
    return json::parse(text.reveal(), kRecordLimits);
}

Result<void> AgentStore::load_resources(const store::ReadTxn& txn, Loaded& into) const {
    const auto all = store::Range::all();
    EK_CHECK(each(txn, descriptions_, all, [&](auto, const json::Value& value, auto) {
        return decode_metadata(value).map(
            [&](Metadata metadata) { into.metadata.push_back(std::move(metadata)); });
    }));
    EK_CHECK(each(txn, observations_, all, [&](auto, const json::Value& value, auto) {
        return decode_observation(value).map([&](Observation observation) {
            observation.state = nullptr;
            into.observations.push_back(std::move(observation));
        });
    }));
    EK_CHECK(each(txn, full_reports_, all, [&](auto, const json::Value& value, auto) {
        return decode_pending_notifications(value).map([&](PendingNotifications pending) {
            into.pending_notifications.push_back(std::move(pending));
        });
    }));
    return each(txn, removals_, all, [&](auto, const json::Value& value, auto) {
        return decode_tombstone(value).map(
            [&](Tombstone tombstone) { into.tombstones.push_back(std::move(tombstone)); });
    });
}

Result<void> AgentStore::load_traffic(const store::ReadTxn& txn, Loaded& into) const {
    const auto all = store::Range::all();
    // Lambdas that use EK_TRY cannot stand inside one.
    const auto take_inbox = [&](auto, const json::Value& value, auto) -> Result<void> {
        InboxCommand inbox = EK_TRY(decode_inbox(value));
        if (inbox.state != InboxCommand::State::finished) {
            const json::Value list = EK_TRY(unseal(value, "inbox/" + inbox.id));
            if (!list.is_array()) return fail(Errc::corrupt, "a command without resources");
            for (const json::Value& item : list.as_array()) {
                inbox.resources.push_back(EK_TRY(wire::decode_resource_request(item)));
            }
        }
        into.inbox.push_back(std::move(inbox));
        return {};
    };
    const auto take_row = [&](std::string_view key, const json::Value& value,
                              std::size_t bytes) -> Result<void> {
        OutboxEvent outbox_event = EK_TRY(decode_outbox_event(value));
        outbox_event.seq = EK_TRY(store::number_of(key));
        into.outbox.push_back(std::move(outbox_event));
        into.outbox_bytes.push_back(bytes);
        return {};
    };
    EK_CHECK(each(txn, inbox_, all, take_inbox));
    EK_CHECK(each(txn, outbox_, all, take_row));
    EK_CHECK(each(txn, meta_, store::Range::prefix(std::string(kHold)),
                  [&](auto, const json::Value& value, auto) {
                      return decode_disabled(value).map([&](DisabledCollection disabled) {
                          into.disabled_collections.push_back(std::move(disabled));
                      });
                  }));
    if (const auto text = EK_TRY(txn.get(meta_, kMark))) {
        const json::Value mark = EK_TRY(json::parse(*text));
        into.mark = {mark.string_or("stream"), static_cast<std::uint64_t>(mark.integer_or("seq"))};
    }
    into.full_report_due = EK_TRY(txn.get(meta_, kDebt)).has_value();
    if (const auto last = EK_TRY(txn.get(meta_, kLast))) {
        into.outbox_last = EK_TRY(store::number_of(*last));
    }
    return {};
}

Result<AgentStore::Loaded> AgentStore::load() const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    Loaded loaded;
    EK_CHECK(load_resources(txn, loaded));
    EK_CHECK(load_traffic(txn, loaded));
    return loaded;
}

Result<std::optional<Description>> AgentStore::description(const wire::Ref& ref) const {
    const std::string key = key_of(ref);
    std::optional<std::string> text;
    {
        const store::ReadTxn txn = EK_TRY(env_.read());
        text = EK_TRY(txn.get(descriptions_, key));
    }
    if (!text) return std::nullopt;
    const json::Value value = EK_TRY(json::parse(*text, kRecordLimits));
    return Description{EK_TRY(decode_metadata(value)),
                       EK_TRY(unseal(value, "descriptions/" + key))};
}

Result<std::optional<Observation>> AgentStore::observation(const wire::Ref& ref) const {
    std::optional<std::string> text;
    {
        const store::ReadTxn txn = EK_TRY(env_.read());
        text = EK_TRY(txn.get(observations_, key_of(ref)));
    }
    if (!text) return std::nullopt;
    const json::Value value = EK_TRY(json::parse(*text, kRecordLimits));
    return EK_TRY(decode_observation(value));
}

Result<std::optional<OutboxEvent>> AgentStore::outbox_event(std::uint64_t seq) const {
    const std::string key = number_key(seq);
    std::optional<std::string> text;
    {
        const store::ReadTxn txn = EK_TRY(env_.read());
        text = EK_TRY(txn.get(outbox_, key));
    }
    if (!text) return std::nullopt;
    const json::Value value = EK_TRY(json::parse(*text, kRecordLimits));
    OutboxEvent outbox_event = EK_TRY(decode_outbox_event(value));
    outbox_event.seq = seq;
    const crypto::Secret data =
        EK_TRY(sealer_.unseal(value.string_or("sealed"), "outbox/" + std::to_string(seq)));
    outbox_event.data = std::string(data.reveal());
    return outbox_event;
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Description& description) const {
    const std::string key = key_of(description.metadata.ref);
    json::Value entry = encode(description.metadata);
    entry.as_object().append("sealed",
                             sealer_.seal(json::write(description.body), "descriptions/" + key));
    return txn.put(descriptions_, key, json::write(entry));
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Observation& observation) const {
    return txn.put(observations_, key_of(observation.ref), json::write(encode(observation)));
}

Result<void> AgentStore::put(store::WriteTxn& txn, const PendingNotifications& pending) const {
    const std::string key = key_of(pending.source);
    if (!pending.notices.empty()) return txn.put(full_reports_, key, json::write(encode(pending)));
    EK_TRY(txn.erase(full_reports_, key));
    return {};
}

Result<void> AgentStore::drop(store::WriteTxn& txn, const wire::Ref& ref) const {
    for (const store::Table& table : {descriptions_, observations_, full_reports_}) {
        EK_TRY(txn.erase(table, key_of(ref)));
    }
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const Tombstone& tombstone) const {
    EK_CHECK(txn.put(removals_, key_of(tombstone), json::write(encode(tombstone))));
    if (EK_TRY(txn.count(removals_)) > kTombstonesMost) {
        EK_TRY(txn.erase(removals_, store::Range::all(), 1));
    }
    return {};
}

Result<void> AgentStore::drop(store::WriteTxn& txn, const Tombstone& tombstone) const {
    EK_TRY(txn.erase(removals_, key_of(tombstone)));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const InboxCommand& inbox) const {
    json::Value entry = encode(inbox);
    if (inbox.state != InboxCommand::State::finished) {
        json::Array resources;
        for (const wire::ResourceRequest& request : inbox.resources) {
            resources.push_back(wire::encode(request));
        }
        entry.as_object().append("sealed",
                                 sealer_.seal(json::write(resources), "inbox/" + inbox.id));
    }
    return txn.put(inbox_, inbox.id, json::write(entry));
}

Result<void> AgentStore::drop_inbox(store::WriteTxn& txn, const std::string& id) const {
    EK_TRY(txn.erase(inbox_, id));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const OutboxEvent& outbox_event) const {
    json::Value entry = encode(outbox_event);
    entry.as_object().append(
        "sealed", sealer_.seal(outbox_event.data, "outbox/" + std::to_string(outbox_event.seq)));
    EK_CHECK(txn.put(outbox_, number_key(outbox_event.seq), json::write(entry)));
    const auto last = EK_TRY(txn.get(meta_, kLast));
    if (last && EK_TRY(store::number_of(*last)) >= outbox_event.seq) return {};
    return txn.put(meta_, kLast, number_key(outbox_event.seq));
}

Result<void> AgentStore::drop_events(store::WriteTxn& txn, std::uint64_t from,
                                     std::uint64_t to) const {
    const store::Range range{number_key(from), number_key(to + 1), false};
    EK_TRY(txn.erase(outbox_, range, static_cast<std::size_t>(to - from + 1)));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const wire::StreamPosition& mark) const {
    return txn.put(meta_, kMark,
                   json::write(json::Object{{"stream", mark.stream}, {"seq", mark.seq}}));
}

Result<void> AgentStore::put_full_report_due(store::WriteTxn& txn, bool full_report_due) const {
    if (full_report_due) return txn.put(meta_, kDebt, "1");
    EK_TRY(txn.erase(meta_, kDebt));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const DisabledCollection& disabled) const {
    return txn.put(meta_, std::string(kHold) + disabled.collection, json::write(encode(disabled)));
}

Result<void> AgentStore::drop_disabled(store::WriteTxn& txn, const std::string& collection) const {
    EK_TRY(txn.erase(meta_, std::string(kHold) + collection));
    return {};
}

}  // namespace evenkeel::agent
