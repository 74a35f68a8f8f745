#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orchestrator/state/host.hpp"

namespace evenkeel::state {
class Edit;
class View;
}  // namespace evenkeel::state
namespace evenkeel::wire {
struct AgentHello;
}

// What changes a host's record. [lane], inside State::submit.
namespace evenkeel::hosts {

struct LastSeen;

struct Patch {
    std::optional<std::string> name;
    std::optional<std::string> environment = {};
    json::Value labels;  // RFC 7396 on the labels; null = leave them
};
// The host as the patch makes it. [any]
state::Host patched(state::Host host, const Patch& patch);
// `not_found` for an unknown host, `conflict` when the name is taken, the host is retired or there
// is no such environment.
Result<state::Host> change(state::Edit& edit, const std::string& host, const Patch& patch);

// Revokes the host's certificate and ends its commands; the bus then closes its link. The host
// keeps its name for a time (hosts/names.hpp); its settings are erased. Does nothing for a host
// that is retired already.
Result<state::Host> retire(state::Edit& edit, const std::string& host);

// Whether the model has it, as it always has the environment `default`. O(1)
Result<bool> has_environment(const state::View& view, std::string_view name);

// Lets others have the name of a retired host at once; does nothing when it has it no more.
// `not_found`; `conflict` for a host that is not retired. O(1)
Result<state::Host> release_name(state::Edit& edit, const std::string& host);

// The part of that which takes away the host's certificate and its enrolment. The record of the
// host is the caller's.
Result<void> retire_identity(state::Edit& edit, const state::Host& host);

struct HelloResult {
    bool quarantined = false;  // this machine is a clone of the host: nothing was changed
    state::EventMark mark;     // from which the agent sends events
};
// Stores what the hello reports. If the agent's store is new, agent.blind is recorded and its
// commands are queued again. `denied` for a retired host.
Result<HelloResult> host_connected(state::Edit& edit, const std::string& host,
                                   const wire::AgentHello& hello, const std::string& now);

// The link has ended; `last_seen`: when its last message arrived.
Result<void> host_disconnected(state::Edit& edit, const std::string& host,
                               const std::string& last_seen);

// Stores when messages of these hosts last arrived, and nothing else. O(times)
Result<void> store_last_seen(state::Edit& edit, const std::vector<LastSeen>& times);

}  // namespace evenkeel::hosts
