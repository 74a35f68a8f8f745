#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"

namespace evenkeel::state {
class Edit;
class View;
struct Host;
}  // namespace evenkeel::state
namespace evenkeel::wire {
struct AgentHello;
}

// Clones: other machines that connect with the key and certificate of a host, for example after a
// disk was copied. The bus detects them (bus.hpp); here they are recorded, as an enrolment that
// stays `held`, and are refused until an administrator decides. Clones are distinguished by the
// machine id that they claim: one enrolment each. One read or write per call. [lane]
namespace evenkeel::hosts {

inline constexpr std::size_t kClonesMost = 16;  // recorded for one host

// The text beside wire::kQuarantinedCondition. Agents of 0.1 do not know the condition and
// search the text for "held: ", so it must begin with that.
inline constexpr const char* kQuarantineText =
    "held: another machine has come with the same certificate";

// Records the machine as a clone of `host`. `not_found` for an unknown host.
Result<void> quarantine(state::Edit& edit, const std::string& host, const wire::AgentHello& hello,
                        const std::string& address, std::int64_t now_ms);
// Whether this machine is recorded as a clone of the host and was not accepted since.
Result<bool> is_quarantined(const state::View& view, const state::Host& host,
                            const wire::AgentHello& hello);

}  // namespace evenkeel::hosts
