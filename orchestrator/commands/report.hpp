#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/store/env.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class Edit;
class SchemaCache;
}  // namespace evenkeel::state
namespace evenkeel::wire {
struct Event;
}

// What hosts report. [lane], inside State::submit.
namespace evenkeel::commands {

struct ReportContext {
    const secrets::Protector* protector = nullptr;
    const state::SchemaCache* schemas = nullptr;
    store::Stream stream;  // the orchestrator's, with its predecessor
};

enum class ReceiveResult {
    fresh,     // taken over now
    repeated,  // was taken over before; nothing is changed
    unfit,     // does not decode: its number is taken over, and agent.shed is recorded; a command
               // whose outcome it is ends `failed`
};

// Takes over one durable event: the changes, the event for administrators, and the mark, all in
// this transaction. Numbers that are missing before it are recorded as agent.shed. `conflict`
// when it is of another stream than the host's hello named. `previous` is the number of the event
// that came before it over the same link, or 0: `busy` while that one is not taken over, so that a
// failure does not turn into a gap.
Result<ReceiveResult> take_event(state::Edit& edit, const ReportContext& context,
                                 const std::string& host, const wire::Event& event,
                                 std::uint64_t previous);

// A live event, command.running: `conflict` or `not_found` when it is out of date.
Result<void> take_running(state::Edit& edit, const std::string& host, const wire::Event& event);

}  // namespace evenkeel::commands
