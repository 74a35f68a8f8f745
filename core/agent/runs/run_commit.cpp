#include "core/agent/runs/run_commit.hpp"

#include <utility>

namespace evenkeel::agent {
namespace {

constexpr std::chrono::seconds kRetryPause{1};

Result<void> write_end(const AgentStore& store, store::WriteTxn& txn, const RunEnd& end) {
    for (const Observation& each : end.observations) EK_CHECK(store.put(txn, each));
    for (const Metadata& each : end.metadata) EK_CHECK(store.put_metadata(txn, each));
    for (const PendingNotifications& each : end.pending_notifications)
        EK_CHECK(store.put(txn, each));
    for (const wire::Ref& each : end.drops) EK_CHECK(store.drop(txn, each));
    for (const Tombstone& each : end.tombstones) EK_CHECK(store.put(txn, each));
    return store.add_reboot_required(txn, end.reboots);
}

// The record stays until the orchestrator has accepted the outcome; without an outcome event it is
// erased.
Result<void> write_inbox(const AgentStore& store, store::WriteTxn& txn, InboxCommand command,
                         const std::vector<std::uint64_t>& seqs) {
    const bool is_kept = command.origin == wire::Origin::orchestrator && seqs.front() != 0;
    if (!is_kept) return store.drop_inbox(txn, command.id);
    command.outcome_seq = seqs.front();
    return store.put(txn, command);
}

}  // namespace

// Shared by the attempts.
struct RunCommit::CommandEnd {
    InboxCommand command;
    RunEnd end;
    std::function<void()> done;
};

void RunCommit::commit(InboxCommand command, RunEnd end, std::function<void()> done) {
    command.state = InboxCommand::State::finished;
    command.resources.clear();
    attempt(std::make_shared<const CommandEnd>(
        CommandEnd{std::move(command), std::move(end), std::move(done)}));
}

void RunCommit::attempt(const std::shared_ptr<const CommandEnd>& end) {
    const auto write = [&store = journal_.store(), end](
                           store::WriteTxn& txn,
                           const std::vector<std::uint64_t>& seqs) -> Result<void> {
        EK_CHECK(write_end(store, txn, end->end));
        return write_inbox(store, txn, end->command, seqs);
    };
    journal_.commit(
        end->end.drafts, write,
        [this, end](const Result<void>& stored) {
            if (stored) return end->done();
            retries_[end->command.id] = loop_.after(kRetryPause, [this, end] {
                retries_.erase(end->command.id);
                attempt(end);
            });
        },
        store::Importance::urgent);
}

void RunCommit::commit(RunEnd end, std::function<void(const Result<void>&)> done) {
    if (end.drafts.empty() && end.observations.empty() && end.pending_notifications.empty() &&
        end.metadata.empty() && end.reboots.empty()) {
        return;
    }
    std::vector<EventDraft> drafts = std::exchange(end.drafts, {});
    const auto write = [&store = journal_.store(), end = std::move(end)](store::WriteTxn& txn,
                                                                         const auto&) {
        return write_end(store, txn, end);
    };
    journal_.commit(std::move(drafts), write, std::move(done));
}

}  // namespace evenkeel::agent
