#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/agent/store/agent_store.hpp"
#include "core/agent/store/codecs.hpp"
#include "core/agent/store/layout.hpp"
#include "core/agent/store/scan_records.hpp"
#include "core/base/time.hpp"

// The outbox, and what there is one of: positions, the enrolment, a boot that is due.
namespace evenkeel::agent {
namespace {

using store::number_key;

constexpr const char* kCommandPosition = "command_position";
constexpr const char* kFullReportDue = "full_report_due";
constexpr const char* kEnrolment = "enrolment";
constexpr const char* kRebootRequired = "reboot_required";
constexpr const char* kOutboxLast = "outbox_last";

}  // namespace

Result<void> AgentStore::load_traffic(const store::ReadTxn& txn, Loaded& into) const {
    // Lambdas that use EK_TRY cannot stand inside one.
    const auto take_event = [&](std::string_view key, std::string_view record) -> Result<void> {
        const layout::EventRecord parts = EK_TRY(layout::split_event(record));
        EK_CHECK(append_record(parts.json, decode_outbox_event, into.outbox));
        OutboxEvent& event = into.outbox.back();
        event.seq = EK_TRY(store::number_of(key));
        event.kind = OpenName<wire::EventKind>(parts.kind);
        event.time = parts.time;
        into.outbox_bytes.push_back(record.size());
        return {};
    };
    EK_CHECK(each_record(txn, outbox_, take_event));
    EK_CHECK(each_record(txn, held_, [&](auto, std::string_view record) {
        return append_record(record, decode_held, into.held_collections);
    }));
    into.position = EK_TRY(position(txn));
    into.full_report_due = EK_TRY(txn.get(meta_, kFullReportDue)).has_value();
    if (const auto last = EK_TRY(txn.get(meta_, kOutboxLast))) {
        into.outbox_last = EK_TRY(store::number_of(*last));
    }
    return {};
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

Result<void> AgentStore::put(store::WriteTxn& txn, const HeldCollection& held) const {
    return txn.put(held_, held.collection, json::write(encode(held)));
}

Result<void> AgentStore::drop_held(store::WriteTxn& txn, const std::string& collection) const {
    EK_TRY(txn.erase(held_, collection));
    return {};
}

}  // namespace evenkeel::agent
