#include "orchestrator/commands/queue.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "core/secrets/protector.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/steady_clock.hpp"

namespace evenkeel::commands {
namespace {

using state::Command;
using state::CommandState;

constexpr std::size_t kPage = 1'000;  // commands read at once, where all of a host are needed

// Whether `refs` has every resource that `older` is about.
bool covers(const std::set<wire::Ref>& refs, const Command& older) {
    return std::all_of(older.resources.begin(), older.resources.end(),
                       [&](const auto& entry) { return refs.contains(entry.ref); });
}

// The queued commands about any of these resources, by number. Commands are handed over in their
// order, so behind one that the agent has accepted none of its resource is queued any more.
Result<std::map<std::uint64_t, std::string>> queued_about(const state::View& view,
                                                          const std::string& host,
                                                          const std::set<wire::Ref>& refs) {
    std::map<std::uint64_t, std::string> found;
    for (const wire::Ref& ref : refs) {
        Result<void> read;
        EK_CHECK(
            view.bodies().each_command(host, ref, [&](std::uint64_t seq, std::string_view command) {
                const auto queued = view.commands().is_queued(host, seq);
                if (!queued) read = fail(queued.error());
                if (!queued || !*queued) return false;
                found.emplace(seq, command);
                return true;
            }));
        EK_CHECK(read);
    }
    return found;
}

// Actions never stand for one another.
Result<void> supersede(state::Edit& edit, const Command& newer) {
    if (newer.verb == wire::Verb::invoke) return {};
    std::set<wire::Ref> refs;
    for (const auto& entry : newer.resources) refs.insert(entry.ref);
    for (const auto& [seq, id] : EK_TRY(queued_about(edit, newer.host, refs))) {
        if (seq == newer.seq) continue;
        auto older = EK_TRY(edit.commands().find(id));
        if (!older || !covers(refs, *older)) continue;
        EK_CHECK(advance(edit, *older, Transition::replaced));
    }
    return {};
}

Result<Command> require_command(const state::View& view, const std::string& id) {
    auto command = EK_TRY(view.commands().find(id));
    if (!command) return fail(Errc::not_found, "there is no command " + id);
    return *std::move(command);
}

Result<Command> add(state::Edit& edit, CommandRequest request) {
    const auto lifetime = request.verb == wire::Verb::invoke
                              ? std::chrono::milliseconds(kActionLifetime)
                              : std::chrono::milliseconds(kLifetime);
    Command command;
    command.id = make_id("cmd");
    command.host = request.host;
    command.verb = request.verb;
    command.seq = EK_TRY(edit.next_number("commands/" + request.host));
    command.created_at = now_rfc3339();
    command.request_id = std::move(request.request_id);
    command.expires_at_ms = edit.clock().now_ms() + lifetime.count();
    command.timeout_ms = kTimeout.count();
    command.resources = std::move(request.resources);
    EK_CHECK(edit.commands().add(command));
    return command;
}

}  // namespace

Result<Command> enqueue(state::Edit& edit, CommandRequest request) {
    Command command = EK_TRY(add(edit, std::move(request)));
    // Once it is there: plans that wait for what it supersedes wait for it.
    EK_CHECK(supersede(edit, command));
    return command;
}

Result<Command> add_done(state::Edit& edit, CommandRequest request) {
    for (state::CommandEntry& entry : request.resources) entry.outcome = wire::Outcome::done;
    Command command = EK_TRY(add(edit, std::move(request)));
    EK_CHECK(advance(edit, command, Transition::succeeded));
    return command;
}

Result<void> advance(state::Edit& edit, Command& command, Transition transition,
                     std::optional<Error> error) {
    const CommandState next = EK_TRY(next_state(command.state, transition));
    if (next == command.state && !error) return {};
    command.state = next;
    if (error) command.error = std::move(error);
    return edit.commands().put(command);
}

Result<Command> advance(state::Edit& edit, const std::string& id, Transition transition,
                        std::optional<Error> error) {
    Command command = EK_TRY(require_command(edit, id));
    EK_CHECK(advance(edit, command, transition, std::move(error)));
    return command;
}

Result<Command> cancel(state::Edit& edit, const std::string& id, bool handed_over) {
    Command command = EK_TRY(require_command(edit, id));
    if (state::finished(command.state)) {
        return fail(Errc::conflict,
                    "the command is " + std::string(state::to_string(command.state)));
    }
    if (command.state == CommandState::queued && !handed_over) {
        command.state = EK_TRY(next_state(command.state, Transition::withdrawn));
    }
    command.cancelling = true;
    EK_CHECK(edit.commands().put(command));
    return command;
}

Result<void> requeue(state::Edit& edit, const std::string& host,
                     const wire::StreamPosition& agent) {
    std::uint64_t after = agent.stream == edit.stream() ? agent.seq : 0;
    for (;;) {
        auto page = EK_TRY(edit.commands().accepted(host, after, kPage));
        if (page.empty()) return {};
        after = page.back().seq;
        for (Command& command : page) {
            if (command.verb != wire::Verb::invoke) {
                EK_CHECK(advance(edit, command, Transition::lost));
                continue;
            }
            EK_CHECK(advance(edit, command, Transition::interrupted,
                             Error{Errc::unavailable, "the agent has lost its store"}));
        }
    }
}

Result<void> end_all(state::Edit& edit, const std::string& host, const Error& error) {
    // What has ended leaves its index, so each page is the first one.
    for (;;) {
        auto page = EK_TRY(edit.commands().accepted(host, 0, kPage));
        if (page.empty()) page = EK_TRY(edit.commands().queued(host, 0, kPage));
        if (page.empty()) return {};
        for (Command& command : page) {
            const bool queued = command.state == CommandState::queued;
            EK_CHECK(advance(edit, command,
                             queued ? Transition::withdrawn : Transition::interrupted, error));
        }
    }
}

Result<std::vector<Command>> expire(state::Edit& edit, std::int64_t now_ms) {
    std::vector<Command> ended;
    for (const std::string& id : EK_TRY(edit.commands().overdue(now_ms, kExpiredMost))) {
        ended.push_back(EK_TRY(advance(edit, id, Transition::expired,
                                       Error{Errc::timeout, "the time of the command was over"})));
    }
    return ended;
}

std::string arguments_purpose(const std::string& host, const wire::Ref& ref) {
    return "arguments\n" + host + "\n" + ref.collection + "\n" + ref.id;
}

namespace {

Result<void> add_body(wire::ResourceRequest& request, const state::Body& body,
                      const std::string& host, const secrets::Protector& protector) {
    if (body.arguments.empty()) {
        const secrets::ResourceKey key{host, request.ref.collection, request.ref.id};
        request.description = EK_TRY(protector.open(key, body.description));
        return {};
    }
    const std::string text =
        EK_TRY(protector.open_text(body.arguments, arguments_purpose(host, request.ref)));
    request.arguments = EK_TRY(json::parse(text));
    return {};
}

}  // namespace

Result<wire::Command> to_wire(const Command& command, const state::View& view,
                              const secrets::Protector& protector, const std::string& stream) {
    wire::Command sent{.id = command.id,
                       .stream = stream,
                       .seq = command.seq,
                       .verb = command.verb,
                       .timeout = std::chrono::milliseconds(command.timeout_ms),
                       .resources = {}};
    for (const state::CommandEntry& entry : command.resources) {
        wire::ResourceRequest request;
        request.ref = entry.ref;
        request.policy = entry.policy;
        request.relations = entry.relations;
        request.generation = entry.generation;
        request.action = entry.action;
        if (entry.body != 0) {
            const state::Body body = EK_TRY(view.bodies().get(entry.body));
            EK_CHECK(add_body(request, body, command.host, protector));
        }
        sent.resources.push_back(std::move(request));
    }
    return sent;
}

}  // namespace evenkeel::commands
