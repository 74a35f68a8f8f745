#pragma once

#include <string>

#include "orchestrator/state/host.hpp"

namespace evenkeel::state {
class Edit;
}

// Another machine, or the same one with new keys, takes the place of a host. [lane], inside
// State::submit.
namespace evenkeel::hosts {

// Takes the host's identity away, so that another key can become this host: its certificate counts
// no more, its enrolment is retired, its commands end, and what was observed or reported of the
// machine is no longer true. Id, name, labels and what the orchestrator describes stay. A retired
// host is active again; if its name was released and taken meanwhile, it gets a similar one. The
// caller stores the host, which has no certificate yet. `not_found`. O(resources)
Result<state::Host> vacate(state::Edit& edit, const std::string& host);

}  // namespace evenkeel::hosts
