#include "core/agent/runs/admission.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/restart.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

using link::Disposition;
using std::chrono::milliseconds;

constexpr std::size_t kCommandIdBytesMost = 200;

std::uint64_t deadline_of(const InboxCommand& command) {
    const milliseconds timeout = command.timeout - time_since(command.received);
    const auto ns = std::chrono::nanoseconds(timeout).count();
    return now_monotonic_ns() + static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 1));
}

// A command may follow only the one behind which it was taken: if that one could not be stored,
// this one is released too, or the stored position would say that both are here.
Result<void> check_place(const AgentStore& store, const store::WriteTxn& txn,
                         const std::string& stream, std::uint64_t behind) {
    const wire::StreamPosition stored = EK_TRY(store.position(txn));
    if ((stored.stream == stream ? stored.seq : 0) == behind) return {};
    return fail(Errc::conflict, "an earlier command is not stored");
}

}  // namespace

void Admission::resume(std::vector<InboxCommand> left, wire::StreamPosition mark) {
    mark_ = committed_ = std::move(mark);
    std::sort(left.begin(), left.end(),
              [](const InboxCommand& a, const InboxCommand& b) { return a.order < b.order; });
    for (InboxCommand& inbox : left) {
        if (inbox.origin == wire::Origin::orchestrator) known_.insert(inbox.id);
        order_ = std::max(order_, inbox.order);
        switch (decide_at_restart(inbox)) {
            case RestartDecision::keep:
                break;
            case RestartDecision::interrupt:
                commit_interrupted(journal_, inbox);
                break;
            case RestartDecision::run:
                log::info("a command that the last process left runs again",
                          {{"command", inbox.id}});
                const std::uint64_t deadline_ns = deadline_of(inbox);
                engine_.submit(std::move(inbox), deadline_ns, {});
                break;
        }
    }
}

void Admission::take(const wire::Command& command, std::function<void(Disposition)> settle) {
    if (command.stream != mark_.stream || command.id.empty() ||
        command.id.size() > kCommandIdBytesMost || !is_utf8(command.id)) {
        log::warning("a command is rejected",
                     {{"command", printable(command.id)}, {"stream", printable(command.stream)}});
        return settle(Disposition::reject);
    }
    if (released_seq_ && command.seq > *released_seq_) return settle(Disposition::release);
    released_seq_.reset();
    const bool is_new = command.seq > mark_.seq && !known_.contains(command.id);
    const std::uint64_t behind = mark_.seq;
    mark_.seq = std::max(mark_.seq, command.seq);
    if (is_new) return take_new(command, behind, std::move(settle));
    // Its commit may still be under way: this empty one comes after it.
    journal_.commit(
        {}, {},
        [this, id = command.id, seq = command.seq, settle](const Result<void>&) {
            const bool taken = known_.contains(id) || seq <= committed_.seq;
            settle(taken ? Disposition::accept : Disposition::release);
        },
        store::Importance::urgent);
}

void Admission::take_new(const wire::Command& command, std::uint64_t behind,
                         std::function<void(Disposition)> settle) {
    InboxCommand inbox;
    inbox.id = command.id;
    inbox.verb = command.verb;
    inbox.received = Moment::now();
    inbox.timeout = command.timeout;
    inbox.resources = command.resources;
    inbox.order = ++order_;
    journal_.store().number_bodies(inbox);
    const auto place = [&store = journal_.store(), mark = mark_,
                        behind](store::WriteTxn& txn) -> Result<void> {
        EK_CHECK(check_place(store, txn, mark.stream, behind));
        return store.put(txn, mark);
    };
    const std::uint64_t deadline_ns = deadline_of(inbox);
    const auto on_accepted = [this, id = command.id, seq = command.seq,
                              settle = std::move(settle)](const Result<void>& stored) {
        on_committed(id, seq, stored, settle);
    };
    engine_.accept({std::move(inbox), deadline_ns, place, on_accepted, {}});
}

void Admission::on_committed(const std::string& command, std::uint64_t seq,
                             const Result<void>& stored,
                             const std::function<void(Disposition)>& settle) {
    if (!stored) {
        released_seq_ = std::min(released_seq_.value_or(seq), seq);
        mark_ = committed_;
        return settle(Disposition::release);
    }
    committed_.seq = std::max(committed_.seq, seq);
    mark_.seq = std::max(mark_.seq, committed_.seq);
    known_.insert(command);
    settle(Disposition::accept);
}

void Admission::take_local(wire::Verb verb, std::vector<wire::ResourceRequest> resources,
                           bool detach, milliseconds timeout,
                           std::function<void(const CommandResult&)> done) {
    InboxCommand inbox;
    inbox.id = make_id("cmd");
    inbox.origin = wire::Origin::local;
    inbox.verb = verb;
    inbox.received = Moment::now();
    inbox.timeout = timeout;
    inbox.detach = detach;
    inbox.resources = std::move(resources);
    inbox.order = ++order_;
    journal_.store().number_bodies(inbox);
    const std::uint64_t deadline_ns = deadline_of(inbox);
    const auto on_accepted = [done](const Result<void>& stored) {
        if (!stored) done(CommandResult{wire::EndState::failed, {}, stored.error()});
    };
    engine_.accept({std::move(inbox), deadline_ns, {}, on_accepted, std::move(done)});
}

void Admission::cancel(const std::string& command) {
    engine_.cancel(command);
}

}  // namespace evenkeel::agent
