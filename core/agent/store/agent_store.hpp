#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/model/records.hpp"
#include "core/crypto/sealer.hpp"
#include "core/store/env.hpp"

namespace evenkeel::agent {

// The agent's tables (docs/agent.md lists them) and how records lie in them. Reading is [any], in
// short transactions of its own. What changes something takes the transaction that it is part of
// and runs inside a store::Writer's work. Immutable after open().
class AgentStore {
  public:
    // Opens `state_dir`/store with the sealing key beside it. `busy` when another process has it.
    static Result<AgentStore> open(const std::string& state_dir);

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
        std::vector<DisabledCollection> disabled_collections;
        std::uint64_t outbox_last = 0;
        wire::StreamPosition mark;     // of the orchestrator's commands
        bool full_report_due = false;  // see put_debt
    };
    // Everything that is kept in memory. `corrupt` names the record.
    Result<Loaded> load() const;

    Result<std::optional<Description>> description(const wire::Ref& ref) const;
    Result<std::optional<Observation>> observation(const wire::Ref& ref) const;
    Result<std::optional<OutboxEvent>> outbox_event(std::uint64_t seq) const;

    Result<void> put(store::WriteTxn& txn, const Description& description) const;
    Result<void> put(store::WriteTxn& txn, const Observation& observation) const;
    // Without notices nothing is owed any more.
    Result<void> put(store::WriteTxn& txn, const PendingNotifications& pending) const;
    // Removes description, observation and debt.
    Result<void> drop(store::WriteTxn& txn, const wire::Ref& ref) const;
    // Remembers a removal; past kRemovalsMost the one with the lowest revision is forgotten.
    Result<void> put(store::WriteTxn& txn, const Tombstone& tombstone) const;
    Result<void> drop(store::WriteTxn& txn, const Tombstone& tombstone) const;
    Result<void> put(store::WriteTxn& txn, const InboxCommand& inbox) const;
    Result<void> drop_inbox(store::WriteTxn& txn, const std::string& id) const;
    Result<void> put(store::WriteTxn& txn, const OutboxEvent& outbox_event) const;
    // Removes the events `from` to `to`.
    Result<void> drop_events(store::WriteTxn& txn, std::uint64_t from, std::uint64_t to) const;
    Result<void> put(store::WriteTxn& txn, const wire::StreamPosition& mark) const;
    // Whether the orchestrator has yet to be told how everything stands.
    Result<void> put_full_report_due(store::WriteTxn& txn, bool full_report_due) const;
    Result<void> put(store::WriteTxn& txn, const DisabledCollection& disabled) const;
    Result<void> drop_disabled(store::WriteTxn& txn, const std::string& collection) const;

    static constexpr std::size_t kTombstonesMost = 10'000;

  private:
    AgentStore(store::Env env, crypto::Sealer sealer, std::string stream);

    Result<void> load_resources(const store::ReadTxn& txn, Loaded& into) const;
    Result<void> load_traffic(const store::ReadTxn& txn, Loaded& into) const;
    Result<json::Value> unseal(const json::Value& entry, const std::string& context) const;

    store::Env env_;
    crypto::Sealer sealer_;
    std::string stream_;
    store::Table descriptions_, observations_, removals_, full_reports_, inbox_, outbox_, meta_;
};

}  // namespace evenkeel::agent
