#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::state {
class Edit;
}
namespace evenkeel::json {
class Value;
}
namespace evenkeel::wire {
struct Compliance;
struct Event;
}  // namespace evenkeel::wire

// The parts of take_event about observed state. All return `invalid`, before anything is changed,
// when the event does not decode. [lane]
namespace evenkeel::commands {

// A verdict as a host reports it.
Result<wire::Compliance> decode_verdict(const json::Value& value);

// resource.*: verdict and state of one resource. A report about a generation other than the desired
// one is recorded as an event, but does not change the resource.
Result<void> take_observation(state::Edit& edit, const std::string& host, const wire::Event& event);

// An action that was run after a repair.
Result<void> take_notified(state::Edit& edit, const std::string& host, const wire::Event& event);

// command.outcome: how a command ended, and what it found.
Result<void> take_outcome(state::Edit& edit, const std::string& host, const wire::Event& event);

// A command.outcome that does not decode, and why: the command must end all the same, so it is
// `failed` with this cause. How its resources are, nobody has told.
Result<void> take_unread_outcome(state::Edit& edit, const std::string& host,
                                 const wire::Event& event, const Error& why);

}  // namespace evenkeel::commands
