#include "orchestrator/commands/report.hpp"

#include "core/secrets/protector.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/description_reports.hpp"
#include "orchestrator/commands/observations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::commands {
namespace {

using wire::EventKind;

json::Value shed(const std::string& host, std::uint64_t from, std::uint64_t to,
                 const char* reason) {
    return state::encode(state::rest::AgentEvent{.host = host,
                                                 .from = from,
                                                 .to = to,
                                                 .count = static_cast<std::int64_t>(to - from + 1),
                                                 .reason = reason});
}

// Records the numbers between the mark and the event, which will never be sent, as lost.
Result<void> explain_gap(state::Edit& edit, const std::string& host, const state::EventMark& mark,
                         const wire::Event& event) {
    std::uint64_t first = event.seq;
    const std::int64_t from = event.data.integer_or("from");
    if (event.kind == EventKind::agent_shed && from > 0) first = static_cast<std::uint64_t>(from);
    if (first <= mark.seq + 1) return {};
    // After a restore the agent has erased events that the lost orchestrator had accepted.
    const bool restored = !mark.epoch.empty() && mark.epoch != edit.stream();
    EK_CHECK(edit.add_event(
        state::EventType::agent_shed, host, host,
        shed(host, mark.seq + 1, first - 1, restored ? "orchestrator_restored" : "lost")));
    return {};
}

// agent.blind and agent.shed, with no more than their own members, as the API declares them.
Result<void> pass_on(state::Edit& edit, state::EventType type, const std::string& host,
                     const wire::Event& event) {
    state::rest::AgentEvent read = EK_TRY(state::decode_agent_event(event.data));
    read.host = host;
    EK_CHECK(edit.add_event(type, host, host, state::encode(read)));
    return {};
}

// Changes what the event says; `invalid` before anything was changed when it does not read. An
// unknown kind is from a newer agent: taken over and left alone.
Result<void> take_data(state::Edit& edit, const ReportContext& context, const std::string& host,
                       const wire::Event& event) {
    if (event.kind == EventKind::resource_notified) return take_notified(edit, host, event);
    if (wire::concerns_resource(event.kind)) return take_observation(edit, host, event);
    if (!event.kind.known()) return {};
    switch (*event.kind.known()) {
        case EventKind::command_outcome:
            return take_outcome(edit, host, event);
        case EventKind::description_changed:
            return take_described(edit, context, host, event);
        case EventKind::description_forgotten:
            return take_forgotten(edit, context, host, event);
        case EventKind::agent_blind:
            return pass_on(edit, state::EventType::agent_blind, host, event);
        case EventKind::agent_shed:
            return pass_on(edit, state::EventType::agent_shed, host, event);
        default:
            return {};
    }
}

}  // namespace

Result<ReceiveResult> take_event(state::Edit& edit, const ReportContext& context,
                                 const std::string& host, const wire::Event& event,
                                 std::uint64_t previous) {
    const state::EventMark mark = EK_TRY(edit.hosts().event_mark(host));
    if (event.stream != mark.stream) {
        return fail(Errc::conflict, "the event is not of the stream that the host has named");
    }
    if (event.seq <= mark.seq) return ReceiveResult::repeated;
    if (previous > mark.seq) return fail(Errc::busy, "an earlier event is not stored yet");
    EK_CHECK(explain_gap(edit, host, mark, event));
    edit.happened_at(event.time);
    const auto received = take_data(edit, context, host, event);
    const bool unfit = !received && received.error().code == Errc::invalid;
    if (!received && !unfit) return fail(received.error());
    if (unfit && event.kind == EventKind::command_outcome) {
        EK_CHECK(take_unread_outcome(edit, host, event, received.error()));
    }
    if (unfit) {
        EK_CHECK(edit.add_event(state::EventType::agent_shed, host, host,
                                shed(host, event.seq, event.seq, "invalid")));
    }
    EK_CHECK(edit.hosts().put_event_mark(
        host, {.stream = mark.stream, .seq = event.seq, .epoch = edit.stream()}));
    return unfit ? ReceiveResult::unfit : ReceiveResult::fresh;
}

Result<void> take_running(state::Edit& edit, const std::string& host, const wire::Event& event) {
    const std::string id = event.data.string_or("command");
    auto command = EK_TRY(edit.commands().find(id));
    if (!command || command->host != host) return fail(Errc::not_found, "there is no such command");
    edit.happened_at(event.time);
    return advance(edit, *command, Transition::started);
}

}  // namespace evenkeel::commands
