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
#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"

// References to a body: of a description, by the number in its record; of a command that has not
// finished by a record in inbox_bodies, whose value says whether a description refers to the body
// too.
namespace evenkeel::agent {
namespace {

using store::number_key;
using store::resource_key;

constexpr const char* kCommandPosition = "command_position";
constexpr const char* kFullReportDue = "full_report_due";
constexpr const char* kEnrolment = "enrolment";
constexpr const char* kRebootRequired = "reboot_required";
constexpr const char* kOutboxLast = "outbox_last";
constexpr std::string_view kDescribed = "described";  // in inbox_bodies; else empty

std::string key_of(const wire::Ref& ref) {
    return resource_key(ref.collection, ref.id);
}

std::string key_of(const Tombstone& tombstone) {
    return number_key(tombstone.generation.revision) + crypto::sha256(key_of(tombstone.ref));
}

using Take = std::function<Result<void>(std::string_view key, std::string_view record)>;

// Runs `take` on every record of the table; its first error ends the scan.
Result<void> each(const store::ReadTxn& txn, store::Table table, const Take& take) {
    Result<void> taken;
    EK_CHECK(txn.scan(table, store::Range::all(), [&](std::string_view key, std::string_view text) {
        taken = take(key, text);
        return taken.has_value();
    }));
    if (!taken) return fail(Errc::corrupt, "the agent's store: " + taken.error().what);
    return {};
}

// Appends to `into` what `decode` makes of the JSON of a record.
template <typename T>
Result<void> append(std::string_view text, Result<T> (*decode)(const json::Value&),
                    std::vector<T>& into) {
    const json::Value value = EK_TRY(json::parse(text, layout::kRecordLimits));
    into.push_back(EK_TRY(decode(value)));
    return {};
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
      disabled_(env_.table("disabled_collections")),
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
    EK_CHECK(each(txn, descriptions_, [&](auto, std::string_view record) {
        return append(layout::json_of_description(record), decode_metadata, into.metadata);
    }));
    EK_CHECK(each(txn, observations_, [&](auto, std::string_view record) {
        return append(record, decode_observation, into.observations).map([&into] {
            into.observations.back().state = nullptr;
        });
    }));
    EK_CHECK(each(txn, pending_notifications_, [&](auto, std::string_view record) {
        return append(record, decode_pending_notifications, into.pending_notifications);
    }));
    return each(txn, tombstones_, [&](auto, std::string_view record) {
        return append(record, decode_tombstone, into.tombstones);
    });
}

Result<void> AgentStore::load_inbox(const store::ReadTxn& txn, Loaded& into) const {
    EK_CHECK(each(txn, inbox_, [&](auto, std::string_view record) {
        return append(record, decode_inbox, into.inbox);
    }));
    for (InboxCommand& inbox : into.inbox) {
        if (inbox.state == InboxCommand::State::finished) continue;
        if (auto loaded = load_requests(txn, inbox); !loaded) {
            return fail(Errc::corrupt,
                        "the agent's store: " + inbox.id + ": " + loaded.error().what);
        }
    }
    return {};
}

Result<void> AgentStore::load_requests(const store::ReadTxn& txn, InboxCommand& inbox) const {
    const auto record = EK_TRY(txn.get(inbox_resources_, inbox.id));
    if (!record) return fail(Errc::corrupt, "a command without resources");
    inbox.body_numbers = EK_TRY(layout::bodies_of_resources(*record));
    const crypto::Secret text = EK_TRY(
        sealer_.unseal(layout::behind_first_line(*record), layout::resources_context(inbox.id)));
    const json::Value list = EK_TRY(json::parse(text.reveal(), layout::kRecordLimits));
    if (!list.is_array() || list.as_array().size() != inbox.body_numbers.size()) {
        return fail(Errc::corrupt, "a command without resources");
    }
    for (std::size_t i = 0; i < inbox.body_numbers.size(); ++i) {
        wire::ResourceRequest request = EK_TRY(decode_resource(list.as_array()[i]));
        const std::uint64_t number = inbox.body_numbers[i];
        if (number != 0) {
            const auto sealed = EK_TRY(txn.get(bodies_, number_key(number)));
            if (!sealed) return fail(Errc::corrupt, "a command without a description");
            request.description = EK_TRY(open_body(number, *sealed));
        }
        inbox.resources.push_back(std::move(request));
    }
    return {};
}

Result<void> AgentStore::load_traffic(const store::ReadTxn& txn, Loaded& into) const {
    // Lambdas that use EK_TRY cannot stand inside one.
    const auto take_event = [&](std::string_view key, std::string_view record) -> Result<void> {
        const layout::EventRecord parts = EK_TRY(layout::split_event(record));
        EK_CHECK(append(parts.json, decode_outbox_event, into.outbox));
        OutboxEvent& event = into.outbox.back();
        event.seq = EK_TRY(store::number_of(key));
        event.kind = OpenName<wire::EventKind>(parts.kind);
        event.time = parts.time;
        into.outbox_bytes.push_back(record.size());
        return {};
    };
    EK_CHECK(each(txn, outbox_, take_event));
    EK_CHECK(each(txn, disabled_, [&](auto, std::string_view record) {
        return append(record, decode_disabled, into.disabled_collections);
    }));
    into.position = EK_TRY(position(txn));
    into.full_report_due = EK_TRY(txn.get(meta_, kFullReportDue)).has_value();
    if (const auto last = EK_TRY(txn.get(meta_, kOutboxLast))) {
        into.outbox_last = EK_TRY(store::number_of(*last));
    }
    return {};
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
                       EK_TRY(open_body(found->number, found->sealed)), 0};
}

Result<void> AgentStore::each_description(
    const std::function<bool(const Metadata&)>& wants,
    const std::function<void(const Description&)>& visit) const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    return each(txn, descriptions_, [&](auto, std::string_view record) -> Result<void> {
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

Result<std::optional<OutboxEvent>> AgentStore::outbox_event(std::uint64_t seq) const {
    std::optional<std::string> record;
    {
        const store::ReadTxn txn = EK_TRY(env_.read());
        record = EK_TRY(txn.get(outbox_, number_key(seq)));
    }
    if (!record) return std::nullopt;
    const layout::EventRecord parts = EK_TRY(layout::split_event(*record));
    const crypto::Secret data = EK_TRY(sealer_.unseal(parts.sealed, layout::event_context(seq)));
    OutboxEvent event;
    event.seq = seq;
    event.kind = OpenName<wire::EventKind>(parts.kind);
    event.time = parts.time;
    event.data = std::string(data.reveal());
    return event;
}

void AgentStore::number_bodies(InboxCommand& command) const {
    command.body_numbers.clear();
    for (const wire::ResourceRequest& request : command.resources) {
        command.body_numbers.push_back(request.description.is_object() ? ++*last_body_ : 0);
    }
}

Result<void> AgentStore::put_body(store::WriteTxn& txn, std::uint64_t number,
                                  const json::Value& body) const {
    return txn.put(bodies_, number_key(number),
                   sealer_.seal(json::write(body), layout::body_context(number)));
}

// A description comes to refer to the body of a command; false when no command has it.
Result<bool> AgentStore::adopt_body(store::WriteTxn& txn, std::uint64_t number) const {
    const std::string key = number_key(number);
    if (!EK_TRY(txn.get(inbox_bodies_, key))) return false;
    EK_CHECK(txn.put(inbox_bodies_, key, kDescribed));
    return true;
}

// A description refers to the body no more.
Result<void> AgentStore::release_body(store::WriteTxn& txn, std::uint64_t number) const {
    const std::string key = number_key(number);
    if (EK_TRY(txn.get(inbox_bodies_, key))) return txn.put(inbox_bodies_, key, "");
    EK_TRY(txn.erase(bodies_, key));
    return {};
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
    const std::string key = key_of(metadata.ref);
    const auto record = EK_TRY(txn.get(descriptions_, key));
    if (!record) return {};
    const std::uint64_t number = EK_TRY(layout::body_of_description(*record));
    const json::Value head = EK_TRY(json::parse(layout::json_of_description(*record)));
    const Metadata stored = EK_TRY(decode_metadata(head));
    if (stored.generation != metadata.generation || stored.origin != metadata.origin) return {};
    return txn.put(descriptions_, key,
                   layout::join_description(number, json::write(encode(metadata))));
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

Result<void> AgentStore::put_requests(store::WriteTxn& txn, const InboxCommand& inbox) const {
    if (inbox.body_numbers.size() != inbox.resources.size()) {
        return fail(Errc::internal, "the bodies of a command have no numbers");
    }
    EK_CHECK(drop_requests(txn, inbox.id));
    json::Array resources;
    for (std::size_t i = 0; i < inbox.resources.size(); ++i) {
        const wire::ResourceRequest& request = inbox.resources[i];
        resources.push_back(encode_resource(request));
        if (inbox.body_numbers[i] == 0) continue;
        EK_CHECK(put_body(txn, inbox.body_numbers[i], request.description));
        EK_CHECK(txn.put(inbox_bodies_, number_key(inbox.body_numbers[i]), ""));
    }
    const std::string sealed =
        sealer_.seal(json::write(resources), layout::resources_context(inbox.id));
    return txn.put(inbox_resources_, inbox.id, layout::join_resources(inbox.body_numbers, sealed));
}

// The command refers to its bodies no more; those that no description refers to go.
Result<void> AgentStore::drop_requests(store::WriteTxn& txn, const std::string& command) const {
    const auto record = EK_TRY(txn.get(inbox_resources_, command));
    if (!record) return {};
    for (const std::uint64_t number : EK_TRY(layout::bodies_of_resources(*record))) {
        if (number == 0) continue;
        const std::string key = number_key(number);
        const auto claim = EK_TRY(txn.get(inbox_bodies_, key));
        EK_TRY(txn.erase(inbox_bodies_, key));
        if (claim != kDescribed) EK_TRY(txn.erase(bodies_, key));
    }
    EK_TRY(txn.erase(inbox_resources_, command));
    return {};
}

Result<void> AgentStore::put_new(store::WriteTxn& txn, const InboxCommand& inbox) const {
    EK_CHECK(put_requests(txn, inbox));
    return put(txn, inbox);
}

Result<void> AgentStore::put(store::WriteTxn& txn, const InboxCommand& inbox) const {
    if (inbox.state == InboxCommand::State::finished) EK_CHECK(drop_requests(txn, inbox.id));
    return txn.put(inbox_, inbox.id, json::write(encode(inbox)));
}

Result<void> AgentStore::drop_inbox(store::WriteTxn& txn, const std::string& id) const {
    EK_CHECK(drop_requests(txn, id));
    EK_TRY(txn.erase(inbox_, id));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const OutboxEvent& event) const {
    const std::string sealed = sealer_.seal(event.data, layout::event_context(event.seq));
    EK_CHECK(txn.put(outbox_, number_key(event.seq),
                     layout::join_event(
                         {event.time, event.kind.text(),
                          event.head.empty() ? json::write(encode(event)) : event.head, sealed})));
    const auto last = EK_TRY(txn.get(meta_, kOutboxLast));
    if (last && EK_TRY(store::number_of(*last)) >= event.seq) return {};
    return txn.put(meta_, kOutboxLast, number_key(event.seq));
}

std::size_t AgentStore::bytes_of(OutboxEvent& event) {
    event.head = json::write(encode(event));
    return layout::join_event({event.time, event.kind.text(), event.head, ""}).size() +
           crypto::Sealer::sealed_bytes(event.data.size());
}

Result<void> AgentStore::drop_events(store::WriteTxn& txn, std::uint64_t from,
                                     std::uint64_t to) const {
    const store::Range range{number_key(from), number_key(to + 1), false};
    EK_TRY(txn.erase(outbox_, range, static_cast<std::size_t>(to - from + 1)));
    return {};
}

Result<wire::StreamPosition> AgentStore::position(const store::ReadTxn& txn) const {
    const auto text = EK_TRY(txn.get(meta_, kCommandPosition));
    if (!text) return wire::StreamPosition{};
    const json::Value position = EK_TRY(json::parse(*text));
    return wire::StreamPosition{position.string_or("stream"),
                                static_cast<std::uint64_t>(position.integer_or("seq"))};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const wire::StreamPosition& position) const {
    return txn.put(meta_, kCommandPosition,
                   json::write(json::Object{{"stream", position.stream}, {"seq", position.seq}}));
}

Result<std::string> AgentStore::enrolment() const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    return EK_TRY(txn.get(meta_, kEnrolment)).value_or("");
}

Result<void> AgentStore::put_enrolment(store::WriteTxn& txn, const std::string& enrolment) const {
    return txn.put(meta_, kEnrolment, enrolment);
}

Result<std::optional<RebootRequired>> AgentStore::reboot_required(const store::ReadTxn& txn) const {
    const auto text = EK_TRY(txn.get(meta_, kRebootRequired));
    if (!text) return std::nullopt;
    RebootRequired required = EK_TRY(decode_reboot_required(EK_TRY(json::parse(*text))));
    // Without an id of the boot nobody could tell when it was.
    if (required.boot.empty() || required.boot != Moment::now().boot) return std::nullopt;
    return required;
}

Result<std::optional<RebootRequired>> AgentStore::reboot_required() const {
    const store::ReadTxn txn = EK_TRY(env_.read());
    return reboot_required(txn);
}

Result<void> AgentStore::add_reboot_required(store::WriteTxn& txn,
                                             const std::vector<wire::Ref>& resources) const {
    if (resources.empty()) return {};
    RebootRequired required = EK_TRY(reboot_required(txn))
                                  .value_or(RebootRequired{Moment::now().boot, now_rfc3339(), {}});
    for (const wire::Ref& ref : resources) {
        const bool is_known = std::find(required.resources.begin(), required.resources.end(),
                                        ref) != required.resources.end();
        if (!is_known && required.resources.size() < RebootRequired::kResourcesMost)
            required.resources.push_back(ref);
    }
    return put_reboot_required(txn, required);
}

Result<void> AgentStore::put_reboot_required(store::WriteTxn& txn,
                                             const RebootRequired& required) const {
    return txn.put(meta_, kRebootRequired, json::write(encode(required)));
}

Result<void> AgentStore::put_full_report_due(store::WriteTxn& txn, bool full_report_due) const {
    if (full_report_due) return txn.put(meta_, kFullReportDue, "1");
    EK_TRY(txn.erase(meta_, kFullReportDue));
    return {};
}

Result<void> AgentStore::put(store::WriteTxn& txn, const DisabledCollection& disabled) const {
    return txn.put(disabled_, disabled.collection, json::write(encode(disabled)));
}

Result<void> AgentStore::drop_disabled(store::WriteTxn& txn, const std::string& collection) const {
    EK_TRY(txn.erase(disabled_, collection));
    return {};
}

}  // namespace evenkeel::agent
