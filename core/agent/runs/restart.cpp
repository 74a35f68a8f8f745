#include "core/agent/runs/restart.hpp"

#include <utility>

#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/store/journal.hpp"

namespace evenkeel::agent {
namespace {

CommandResult interrupted(const InboxCommand& command) {
    CommandResult result;
    result.state = wire::EndState::interrupted;
    result.error = Error{Errc::cancelled, "the agent ended while the action ran"};
    for (const wire::ResourceRequest& request : command.resources) {
        wire::ResourceResult failed;
        failed.ref = request.ref;
        failed.generation = request.generation;
        failed.outcome = wire::Outcome::failed;
        failed.error = result.error;
        result.resources.push_back(std::move(failed));
    }
    return result;
}

}  // namespace

RestartDecision decide_at_restart(const InboxCommand& command) {
    if (command.state == InboxCommand::State::finished) return RestartDecision::keep;
    const bool has_begun = command.state == InboxCommand::State::running;
    return has_begun && command.verb == wire::Verb::invoke ? RestartDecision::interrupt
                                                           : RestartDecision::run;
}

void commit_interrupted(Journal& journal, const InboxCommand& command) {
    std::vector<EventDraft> drafts;
    if (command.origin == wire::Origin::orchestrator) {
        drafts.push_back(command_outcome(command.id, interrupted(command)));
    }
    const auto write = [&store = journal.store(), command](
                           store::WriteTxn& txn,
                           const std::vector<std::uint64_t>& seqs) -> Result<void> {
        // Without an event in the outbox the outcome is not needed any more.
        if (seqs.empty() || seqs.front() == 0) return store.drop_inbox(txn, command.id);
        InboxCommand finished = command;
        finished.state = InboxCommand::State::finished;
        finished.outcome_seq = seqs.front();
        return store.put(txn, finished);
    };
    journal.commit(std::move(drafts), write, {}, store::Importance::urgent);
}

}  // namespace evenkeel::agent
