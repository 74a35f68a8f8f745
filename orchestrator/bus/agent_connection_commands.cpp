#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/bus/agent_connection.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"

// Commands go out in order and become `sent` when the agent has accepted them.
namespace evenkeel::bus {
namespace {

constexpr std::size_t kInFlightMost = 32;

}  // namespace

bool AgentConnection::handed_over(const std::string& command) const {
    return unrecorded_.contains(command) ||
           std::any_of(in_flight_.begin(), in_flight_.end(),
                       [&](const auto& one) { return one.second == command; });
}

void AgentConnection::pump() {
    if (!in_sync_once_ || ended_) return;
    const auto sent = send_queued();
    if (!sent) {
        log::error("commands cannot be sent", {{"host", host_}, {"error", sent.error().what}});
    }
    if (compare_due_) compare();
}

Result<void> AgentConnection::send_queued() {
    const state::Snapshot now = EK_TRY(shared_.state.read());
    if (!cancels_sent_) {
        // Cancels that were requested while the host was offline.
        for (const std::string& id : EK_TRY(now.commands().cancelling(host_))) send_cancel(id);
        cancels_sent_ = true;
    }
    if (in_flight_.size() >= kInFlightMost) return {};
    for (const state::Command& command :
         EK_TRY(now.commands().queued(host_, sent_up_to_, kInFlightMost - in_flight_.size()))) {
        // A command may have been handed over already, before an older one was released.
        const bool handed_over = in_flight_.contains(command.seq);
        if (!handed_over && !EK_TRY(send_command(now, command))) return {};
        sent_up_to_ = command.seq;
    }
    return {};
}

// False when the link takes no more for now.
Result<bool> AgentConnection::send_command(const state::View& now, const state::Command& command) {
    const wire::Command message =
        EK_TRY(commands::to_wire(command, now, shared_.protector, shared_.state.stream().id));
    const auto sent = shared_.send(
        connection_, wire::agent_address(host_), command.seq,
        {.body = wire::encode(message), .reply_to = "", .correlation_id = "", .durable = true});
    if (sent) {
        in_flight_[command.seq] = command.id;
        return true;
    }
    if (sent.error().code != Errc::limit) return false;
    refused(command.id, sent.error());
    return true;
}

void AgentConnection::settled(std::uint64_t token, link::Disposition disposition) {
    auto node = in_flight_.extract(token);
    if (node.empty()) return;
    switch (disposition) {
        case link::Disposition::accept:
            accepted(node.mapped());
            break;
        case link::Disposition::reject:
            refused(node.mapped(), {Errc::invalid, "the agent does not take the command"});
            break;
        case link::Disposition::release:
            // Not now: this command and all later ones are sent again; the agent recognises them by
            // their ids.
            sent_up_to_ = std::min(sent_up_to_, token - 1);
            if (!ended_) release_later({});
            return;
    }
    pump();
}

// The agent has it on disk: that this is known here too may wait for the next commit. Whatever is
// committed meanwhile sees it, because the writer keeps the order. Where the store cannot take it,
// the command counts as handed over all the same: it must not be withdrawn from under the agent.
void AgentConnection::accepted(const std::string& id) {
    unrecorded_.insert(id);
    auto [work, done] = transition_of(id, commands::Transition::accepted, {});
    shared_.state.submit_lazy(
        std::move(work),
        [self = shared_from_this(), id, done = std::move(done)](const Result<void>& recorded) {
            const bool is_over = recorded || recorded.error().code == Errc::conflict ||
                                 recorded.error().code == Errc::not_found;
            if (is_over) self->unrecorded_.erase(id);
            done(recorded);
        });
}

void AgentConnection::refused(const std::string& id, Error error) {
    auto [work, done] = transition_of(id, commands::Transition::refused, std::move(error));
    shared_.state.submit(std::move(work), std::move(done));
}

std::pair<state::State::Work, state::State::Done> AgentConnection::transition_of(
    const std::string& id, commands::Transition transition, std::optional<Error> error) {
    auto command = std::make_shared<state::Command>();
    return {[id, transition, error = std::move(error), command](state::Edit& edit) -> Result<void> {
                *command = EK_TRY(commands::advance(edit, id, transition, error));
                return {};
            },
            [self = shared_from_this(), command](const Result<void>& done) {
                // A transition that comes too late is no error: the outcome may arrive before the
                // acceptance.
                if (done && command->cancelling && !state::finished(command->state)) {
                    self->send_cancel(command->id);
                }
            }};
}

}  // namespace evenkeel::bus
