#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "orchestrator/commands/transitions.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class Edit;
class View;
}  // namespace evenkeel::state
namespace evenkeel::wire {
struct Command;
struct StreamPosition;
}  // namespace evenkeel::wire

// A host's commands in their order, from when they are made to their end. [lane], inside
// State::submit, unless said otherwise. Costs are per command that changes; none of these reads
// the other commands of the host.
namespace evenkeel::commands {

// How long a command may wait for its host and its outcome, by state::SteadyClock. A
// description outlives its command: comparison brings it to the host when that reconnects.
inline constexpr std::chrono::hours kLifetime{24};
// The same for an action, which is not wanted any more a day later.
inline constexpr std::chrono::minutes kActionLifetime{10};
// For the agent, from receipt.
inline constexpr std::chrono::milliseconds kTimeout{600'000};

struct CommandRequest {
    std::string host;
    wire::Verb verb{};
    std::vector<state::CommandEntry> resources;
    std::string request_id;
};
// Puts a command at the end of the host's queue. Older ones that are still queued and wholly
// replaced by this one end `superseded`: of the queue only the commands about the same
// resources are read.
Result<state::Command> enqueue(state::Edit& edit, CommandRequest request);

// A command that has succeeded already, for a request for which the host has nothing to do: it is
// on record, and is not sent.
Result<state::Command> add_done(state::Edit& edit, CommandRequest request);

// Carries out one transition; `conflict` when it cannot happen, `not_found` for an unknown command.
Result<state::Command> advance(state::Edit& edit, const std::string& id, Transition transition,
                               std::optional<Error> error = {});
// The same for a command as it was read in this transaction.
Result<void> advance(state::Edit& edit, state::Command& command, Transition transition,
                     std::optional<Error> error = {});

// Asks to stop a command: one that waits ends `cancelled` at once, unless `handed_over` says that
// the agent may have it; for others the request to stop is recorded. `conflict` once it
// is finished.
Result<state::Command> cancel(state::Edit& edit, const std::string& id, bool handed_over);

// After a hello: commands that the agent does not have are queued again, except actions, because
// it is not known whether they were executed.
Result<void> requeue(state::Edit& edit, const std::string& host, const wire::StreamPosition& agent);

// Ends everything unfinished of a host: `cancelled` what is queued here, `interrupted` the rest.
Result<void> end_all(state::Edit& edit, const std::string& host, const Error& error);

// Ends commands whose time is over at `now_ms` of state::SteadyClock, the longest overdue first, at
// most kExpiredMost: call it again when it returns as many. It returns them, for their agents need
// not carry them out any more.
inline constexpr std::size_t kExpiredMost = 1'000;
Result<std::vector<state::Command>> expire(state::Edit& edit, std::int64_t now_ms);

// What goes over the bus, with the bodies that it brings. [any]
Result<wire::Command> to_wire(const state::Command& command, const state::View& view,
                              const secrets::Protector& protector, const std::string& stream);
// What an action's arguments are sealed for.
std::string arguments_purpose(const std::string& host, const wire::Ref& ref);

}  // namespace evenkeel::commands
