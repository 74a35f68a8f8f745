#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/agent/model/records.hpp"
#include "core/crypto/sealer.hpp"
#include "core/store/env.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// What the agent keeps on disk, as records: descriptions, what was seen of them, commands and
// events. docs/agent.md lists the tables. It knows how records are spelled and sealed, and which of
// them share a body; what belongs into one transaction is the Journal's and its callers' business.
//
// A description's body is written once, when its command is accepted, and has a number. The command
// and the description refer to it; it goes when neither does any more, so the body of a command
// that waits or runs outlives every description that replaces it.
//
// Reading is [any], in short transactions of its own; one look-up costs one page walk, one opening
// of a seal and one parse. What changes something takes the transaction that it is part of and runs
// inside a store::Writer's work. Immutable after open(), but for the numbers that it gives out.
class AgentStore {
  public:
    // Opens `state_dir`/store with the sealing key beside it, and brings an older layout up to this
    // one. `busy` when another process has it, `unsupported` when its layout is newer.
    static Result<AgentStore> open(const std::string& state_dir);

    // Verifies the store in `state_dir` while no agent runs, and changes nothing: every page and
    // record, and of a store of this layout each description. `corrupt` says what does not read.
    static Result<store::FileCheck> check(const std::string& state_dir);

    store::Env& env() { return env_; }
    const crypto::Sealer& sealer() const { return sealer_; }
    const std::string& stream() const { return stream_; }

    struct Loaded {
        std::vector<Metadata> metadata;
        std::vector<Observation> observations;
        std::vector<Tombstone> tombstones;
        std::vector<PendingNotifications> pending_notifications;
        std::vector<InboxCommand> inbox;  // with resources
        std::vector<OutboxEvent> outbox;  // without data
        std::vector<std::size_t> outbox_bytes;
        std::vector<HeldCollection> held_collections;
        std::uint64_t outbox_last = 0;
        wire::StreamPosition position;  // of the orchestrator's commands
        bool full_report_due = false;   // see put_full_report_due
    };
    // Everything that is kept in memory. `corrupt` names the record.
    Result<Loaded> load() const;

    Result<std::optional<Description>> description(const wire::Ref& ref) const;
    // The description's fields only: saves a parse when the caller has the metadata.
    Result<std::optional<json::Value>> body(const wire::Ref& ref) const;
    // Every description whose metadata `wants`. `corrupt` where one does not read.
    Result<void> each_description(const std::function<bool(const Metadata&)>& wants,
                                  const std::function<void(const Description&)>& visit) const;
    Result<std::optional<Observation>> observation(const wire::Ref& ref) const;
    // For sending: with kind, time and data, without the fields that only the outbox in memory
    // needs. Parses nothing.
    Result<std::optional<OutboxEvent>> outbox_event(std::uint64_t seq) const;

    // Gives each description of the command the number that its body will have: before put(). [any]
    void number_bodies(InboxCommand& command) const;

    // Refers to the body of a command by its number, or writes the body, when it has none.
    Result<void> put(store::WriteTxn& txn, const Description& description) const;
    // The description's other part, but for the schema version, which is its body's; nothing when
    // it is described otherwise meanwhile, or not at all.
    Result<void> put_metadata(store::WriteTxn& txn, const Metadata& metadata) const;
    // A body that was made of the stored one with `body_number`, and its schema version; false when
    // another one is stored meanwhile, or none.
    Result<bool> put_upgraded(store::WriteTxn& txn, const Description& upgraded) const;
    Result<void> put(store::WriteTxn& txn, const Observation& observation) const;
    // Without notifications none is pending any more.
    Result<void> put(store::WriteTxn& txn, const PendingNotifications& pending) const;
    // Removes the description, what was seen of it, and its pending notifications.
    Result<void> drop(store::WriteTxn& txn, const wire::Ref& ref) const;
    // Remembers a removal; past kTombstonesMost the one with the lowest revision is forgotten.
    Result<void> put(store::WriteTxn& txn, const Tombstone& tombstone) const;
    Result<void> drop(store::WriteTxn& txn, const Tombstone& tombstone) const;
    // A command that was taken over, whole. Requires number_bodies().
    Result<void> put_new(store::WriteTxn& txn, const InboxCommand& inbox) const;
    // Its status only; one that has finished gives its resources up.
    Result<void> put(store::WriteTxn& txn, const InboxCommand& inbox) const;
    Result<void> drop_inbox(store::WriteTxn& txn, const std::string& id) const;
    Result<void> put(store::WriteTxn& txn, const OutboxEvent& outbox_event) const;
    // How many bytes the record of the event will have; `outbox_bytes` is the same of those loaded.
    // Keeps what it had to write for that in the event. [any]
    static std::size_t bytes_of(OutboxEvent& event);
    // Removes the events `from` to `to`.
    Result<void> drop_events(store::WriteTxn& txn, std::uint64_t from, std::uint64_t to) const;
    // Up to which number the orchestrator's commands were taken over.
    Result<wire::StreamPosition> position(const store::ReadTxn& txn) const;
    Result<void> put(store::WriteTxn& txn, const wire::StreamPosition& position) const;
    // Identity::enrolment of the identity under which the agent last connected.
    Result<std::string> enrolment() const;
    Result<void> put_enrolment(store::WriteTxn& txn, const std::string& enrolment) const;
    // What asks for a boot since the last one; nothing if nothing does.
    Result<std::optional<RebootRequired>> reboot_required() const;
    // These ask for one too.
    Result<void> add_reboot_required(store::WriteTxn& txn,
                                     const std::vector<wire::Ref>& resources) const;
    Result<void> put_reboot_required(store::WriteTxn& txn, const RebootRequired& required) const;
    // Whether the orchestrator has yet to get a report of everything.
    Result<void> put_full_report_due(store::WriteTxn& txn, bool full_report_due) const;
    Result<void> put(store::WriteTxn& txn, const HeldCollection& held) const;
    Result<void> drop_held(store::WriteTxn& txn, const std::string& collection) const;

    static constexpr std::size_t kTombstonesMost = 10'000;

  private:
    AgentStore(store::Env env, crypto::Sealer sealer, std::string stream, std::uint64_t last_body);

    Result<void> load_resources(const store::ReadTxn& txn, Loaded& into) const;
    Result<void> load_inbox(const store::ReadTxn& txn, Loaded& into) const;
    Result<std::optional<RebootRequired>> reboot_required(const store::ReadTxn& txn) const;
    Result<void> load_traffic(const store::ReadTxn& txn, Loaded& into) const;
    Result<void> load_requests(const store::ReadTxn& txn, InboxCommand& inbox) const;
    struct StoredDescription {
        std::string head;  // JSON
        std::uint64_t number = 0;
        std::string sealed;  // the body
    };
    Result<std::optional<StoredDescription>> find(const wire::Ref& ref) const;
    struct StoredHead {
        Metadata metadata;
        std::uint64_t number = 0;  // of the body
    };
    Result<std::optional<StoredHead>> head(const store::ReadTxn& txn, const wire::Ref& ref) const;
    Result<json::Value> open_body(std::uint64_t number, const std::string& sealed) const;
    Result<void> put_body(store::WriteTxn& txn, std::uint64_t number,
                          const json::Value& body) const;
    Result<bool> adopt_body(store::WriteTxn& txn, std::uint64_t number) const;
    Result<void> release_body(store::WriteTxn& txn, std::uint64_t number) const;
    Result<void> put_requests(store::WriteTxn& txn, const InboxCommand& inbox) const;
    Result<void> drop_requests(store::WriteTxn& txn, const std::string& command) const;

    store::Env env_;
    crypto::Sealer sealer_;
    std::string stream_;
    std::unique_ptr<std::atomic<std::uint64_t>> last_body_;
    store::Table bodies_, descriptions_, observations_, tombstones_, pending_notifications_;
    store::Table inbox_, inbox_resources_, inbox_bodies_, outbox_, held_, meta_;
};

}  // namespace evenkeel::agent
