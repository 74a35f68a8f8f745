#include "orchestrator/commands/queue.hpp"

#include <algorithm>
#include <utility>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "orchestrator/state/commands.hpp"

namespace evenkeel::commands {
namespace {

using state::Command;
using state::CommandState;

constexpr std::size_t kAll = 1'000'000;

// Whether `newer` says something about every resource that `older` is about. Actions never stand
// for one another.
bool covers(const CommandRequest& newer, const Command& older) {
    if (newer.verb == wire::Verb::invoke || older.verb == wire::Verb::invoke) return false;
    return std::all_of(older.resources.begin(), older.resources.end(), [&](const auto& old) {
        return std::any_of(newer.resources.begin(), newer.resources.end(),
                           [&](const auto& entry) { return entry.ref == old.ref; });
    });
}

Result<void> supersede(state::Edit& edit, const CommandRequest& order) {
    for (Command& older : EK_TRY(edit.unfinished(order.host, 0, kAll))) {
        if (!covers(order, older)) continue;
        const auto next = next_state(older.state, Transition::replaced);
        if (!next) continue;
        older.state = *next;
        EK_CHECK(edit.put_command(older));
    }
    return {};
}

}  // namespace

Result<Command> enqueue(state::Edit& edit, CommandRequest order) {
    EK_CHECK(supersede(edit, order));
    const std::int64_t now_ms = now_unix_ms();
    const auto lifetime = order.verb == wire::Verb::invoke
                              ? std::chrono::milliseconds(kActionLifetime)
                              : std::chrono::milliseconds(kLifetime);
    Command command;
    command.id = make_id("cmd");
    command.host = order.host;
    command.verb = order.verb;
    command.seq = EK_TRY(edit.next_number("commands/" + order.host));
    command.created_at = to_rfc3339(now_ms);
    command.request_id = std::move(order.request_id);
    command.expires_at_ms = now_ms + lifetime.count();
    command.timeout_ms = kTimeout.count();
    command.resources = std::move(order.resources);
    EK_CHECK(edit.put_command(command));
    return command;
}

Result<Command> advance(state::Edit& edit, const std::string& id, Transition transition,
                        std::optional<Error> error) {
    auto command = EK_TRY(edit.command(id));
    if (!command) return fail(Errc::not_found, "there is no command " + id);
    const CommandState next = EK_TRY(next_state(command->state, transition));
    if (next == command->state && !error) return *std::move(command);
    command->state = next;
    if (error) command->error = std::move(error);
    EK_CHECK(edit.put_command(*command));
    return *std::move(command);
}

Result<Command> cancel(state::Edit& edit, const std::string& id, bool handed_over) {
    auto command = EK_TRY(edit.command(id));
    if (!command) return fail(Errc::not_found, "there is no command " + id);
    if (state::finished(command->state)) {
        return fail(Errc::conflict,
                    "the command is " + std::string(state::to_string(command->state)));
    }
    if (command->state == CommandState::queued && !handed_over) {
        command->state = EK_TRY(next_state(command->state, Transition::withdrawn));
    }
    command->cancelling = true;
    EK_CHECK(edit.put_command(*command));
    return *std::move(command);
}

Result<void> requeue(state::Edit& edit, const std::string& host,
                     const wire::StreamPosition& agent) {
    const std::uint64_t has = agent.stream == edit.stream() ? agent.seq : 0;
    for (Command& command : EK_TRY(edit.unfinished(host, has, kAll))) {
        if (command.state == CommandState::queued) continue;
        const bool action = command.verb == wire::Verb::invoke;
        command.state =
            EK_TRY(next_state(command.state, action ? Transition::interrupted : Transition::lost));
        if (action) command.error = Error{Errc::unavailable, "the agent has lost its store"};
        EK_CHECK(edit.put_command(command));
    }
    return {};
}

Result<void> end_all(state::Edit& edit, const std::string& host, const Error& error) {
    for (Command& command : EK_TRY(edit.unfinished(host, 0, kAll))) {
        const bool queued = command.state == CommandState::queued;
        const Transition transition = queued ? Transition::withdrawn : Transition::interrupted;
        command.state = EK_TRY(next_state(command.state, transition));
        command.error = error;
        EK_CHECK(edit.put_command(command));
    }
    return {};
}

Result<std::vector<std::string>> overdue(const state::View& view, std::int64_t now_ms) {
    std::vector<std::string> late;
    EK_CHECK(view.commands().each_unfinished([&](const Command& command) {
        if (command.expires_at_ms <= now_ms) late.push_back(command.id);
        return true;
    }));
    return late;
}

std::string arguments_purpose(const std::string& host, const wire::Ref& ref) {
    return "arguments\n" + host + "\n" + ref.collection + "\n" + ref.id;
}

Result<wire::Command> to_wire(const Command& command, const secrets::Protector& protector,
                              const std::string& stream) {
    wire::Command sent{.id = command.id,
                       .stream = stream,
                       .seq = command.seq,
                       .verb = command.verb,
                       .timeout = std::chrono::milliseconds(command.timeout_ms),
                       .resources = {}};
    for (const state::CommandEntry& entry : command.resources) {
        wire::ResourceRequest wanted;
        wanted.ref = entry.ref;
        wanted.policy = entry.policy;
        wanted.relations = entry.relations;
        wanted.generation = entry.generation;
        wanted.action = entry.action;
        if (!entry.description.is_null()) {
            wanted.description = EK_TRY(protector.open(
                {command.host, entry.ref.collection, entry.ref.id}, entry.description));
        }
        if (!entry.arguments.empty()) {
            const std::string text = EK_TRY(
                protector.open_text(entry.arguments, arguments_purpose(command.host, entry.ref)));
            wanted.arguments = EK_TRY(json::parse(text));
        }
        sent.resources.push_back(std::move(wanted));
    }
    return sent;
}

}  // namespace evenkeel::commands
