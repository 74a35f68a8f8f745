#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/wire/message.hpp"
#include "orchestrator/state/edit.hpp"

// Clones: other machines that come with the key and certificate of a host, as after a disk was
// copied. The bus finds them (bus.hpp); here they are put on record, as an enrolment that stays
// `held` until somebody decides, and are kept out until then. Apart by the machine id that it
// claims, a clone is one enrolment however often it comes. One read or write each. [lane]
namespace evenkeel::hosts {

inline constexpr std::size_t kClonesMost = 16;  // of one host that are on record

// The text beside wire::kQuarantinedCondition. Agents of 0.1 do not know the condition and look
// for "held: " in the text, so it must begin with that.
inline constexpr const char* kQuarantineText =
    "held: another machine has come with the same certificate";

// Puts the machine on record as a clone of `host`. `not_found` for an unknown host.
Result<void> quarantine(state::Edit& edit, const std::string& host, const wire::AgentHello& hello,
                        const std::string& address, std::int64_t now_ms);
// Whether this machine is on record as a clone of the host, and nobody has let it in since.
Result<bool> is_quarantined(const state::View& view, const state::Host& host,
                            const wire::AgentHello& hello);

}  // namespace evenkeel::hosts
