#include "orchestrator/commands/observations.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/commands/transitions.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::commands {
namespace {

using state::Command;
using state::CommandEntry;
using state::EventType;
using state::Resource;

// A host's clock that is ahead does not make a verdict begin in the future.
wire::Compliance bounded(wire::Compliance verdict) {
    if (!verdict.since.empty()) verdict.since = state::time_of_host(verdict.since);
    return verdict;
}

struct Observation {
    wire::Ref ref;
    wire::Policy policy = wire::Policy::report;
    wire::Generation generation;
    wire::Compliance compliance;
    std::vector<wire::Change> changes;
};

Result<Observation> decode_observation(const json::Value& data) {
    Observation seen;
    seen.ref = {data.string_or("collection"), data.string_or("id")};
    if (!state::fits(seen.ref)) return fail(Errc::invalid, "a report names no resource");
    seen.policy = EK_TRY(wire::policy_from(data.string_or("policy", "report")));
    seen.generation = EK_TRY(wire::decode_generation(data["generation"]));
    seen.compliance = EK_TRY(decode_verdict(data["compliance"]));
    seen.changes = EK_TRY(wire::decode_changes(data["changes"]));
    EK_CHECK(wire::decode_state(data["state"]));
    return seen;
}

bool same(const wire::Compliance& a, const wire::Compliance& b) {
    return a.status == b.status && a.reason == b.reason && a.fields == b.fields &&
           a.since == b.since && a.seen_by == b.seen_by;
}

// Whether the report is about what is desired now.
bool concerns(const std::optional<Resource>& resource, const wire::Generation& generation) {
    return resource && resource->generation == generation;
}

// `revision` of the event that reports it; 0 when there is none.
Result<void> store_seen(state::Edit& edit, const std::string& host, const Resource& before,
                        const wire::Compliance& compliance, const json::Value* seen,
                        const std::string& time, std::uint64_t revision) {
    Resource resource = before;
    if (!same(resource.compliance, compliance)) {
        resource.revision = revision != 0 ? revision : EK_TRY(edit.next_revision());
        resource.compliance = compliance;
    }
    if (seen) resource.state = *seen;
    resource.observed_at = time;
    return edit.resources().put(host, &before, resource);
}

wire::Compliance failed(const Error& error, const std::string& time) {
    return {.status = wire::Verdict::failed,
            .reason = error.what,
            .fields = {},
            .since = time,
            .seen_by = std::string(to_string(wire::SeenBy::apply))};
}

Result<void> erase(state::Edit& edit, const std::string& host, const Resource& resource,
                   wire::DescriptionReason reason) {
    EK_CHECK(edit.resources().erase(host, resource));
    EK_CHECK(edit.add_event(EventType::description_forgotten, host, state::subject_of(resource.ref),
                            state::description_event(host, resource.ref, resource.generation,
                                                     resource.origin, reason)));
    return {};
}

// What the command did to one resource: its verdict, or its end.
Result<void> store_done(state::Edit& edit, const std::string& host, std::optional<wire::Verb> verb,
                        const wire::ResourceResult& done, const std::string& time) {
    // How the resource is after an action, the agent reports by itself.
    if (!done.action.empty()) return {};
    const auto resource = EK_TRY(edit.resources().find(host, done.ref));
    if (!concerns(resource, done.generation)) return {};
    const bool is_removal = verb == wire::Verb::remove && resource->removing && !done.error;
    if (is_removal && done.outcome == wire::Outcome::done) {
        return erase(edit, host, *resource, wire::DescriptionReason::removed);
    }
    // Under `audit` the host has dropped the description and removed nothing.
    if (is_removal && done.outcome == wire::Outcome::planned) {
        return erase(edit, host, *resource, wire::DescriptionReason::request);
    }
    wire::Compliance verdict = resource->compliance;
    if (done.compliance) {
        verdict = bounded(*done.compliance);
    } else if (done.error && verb != wire::Verb::invoke) {
        verdict = failed(*done.error, time);
    }
    return store_seen(edit, host, *resource, verdict, &done.state, time, 0);
}

// Among the facts of the host, as it says at its next hello by itself: until then others shall
// know.
Result<void> store_reboot_required(state::Edit& edit, const std::string& id,
                                   const std::vector<wire::Ref>& resources) {
    constexpr std::size_t kResourcesMost = 20;
    if (resources.empty()) return {};
    auto host = EK_TRY(edit.hosts().find(id));
    if (!host) return {};
    const json::Value known = host->facts["reboot_required"];
    json::Array all = known["resources"].is_array() ? known["resources"].as_array() : json::Array{};
    const std::size_t before = all.size();
    for (const wire::Ref& ref : resources) {
        const json::Value shown = json::Object{{"collection", ref.collection}, {"id", ref.id}};
        const bool is_known = std::find(all.begin(), all.end(), shown) != all.end();
        if (!is_known && all.size() < kResourcesMost) all.push_back(shown);
    }
    if (all.size() == before) return {};
    host->facts.as_object().set("reboot_required",
                                json::Object{{"since", known.string_or("since", edit.happened())},
                                             {"resources", std::move(all)}});
    return edit.hosts().announce(*host);
}

void fill_in(Command& command, const std::vector<wire::ResourceResult>& all) {
    for (const wire::ResourceResult& done : all) {
        auto entry = std::find_if(
            command.resources.begin(), command.resources.end(), [&](const CommandEntry& one) {
                return one.ref == done.ref && (done.action.empty() || done.action == one.action);
            });
        if (entry == command.resources.end() && done.action.empty()) continue;
        if (entry == command.resources.end()) {
            entry = command.resources.insert(entry, CommandEntry{});
            entry->ref = done.ref;
            entry->action = done.action;
            entry->generation = done.generation;
        }
        entry->outcome = done.outcome;
        entry->changes = done.changes;
        entry->error = done.error;
        entry->notes = done.notes;
        entry->output = done.output;
    }
}

struct ReportedEnd {
    std::string command;
    Transition transition = Transition::failed;
    std::optional<Error> error;
    std::vector<wire::ResourceResult> resources;
};

Result<ReportedEnd> decode_reported_end(const json::Value& data) {
    ReportedEnd end;
    end.command = data.string_or("command");
    end.transition = EK_TRY(transition_of(data.string_or("state")));
    if (!data["error"].is_null()) end.error = wire::decode_error(data["error"]);
    if (data["resources"].is_array()) {
        for (const json::Value& entry : data["resources"].as_array()) {
            end.resources.push_back(EK_TRY(wire::decode_resource_result(entry)));
            if (!state::fits(end.resources.back().ref)) {
                return fail(Errc::invalid, "an outcome names no resource");
            }
        }
    }
    return end;
}

}  // namespace

Result<wire::Compliance> decode_verdict(const json::Value& value) {
    return bounded(EK_TRY(wire::decode_compliance(value)));
}

Result<void> take_observation(state::Edit& edit, const std::string& host,
                              const wire::Event& event) {
    const Observation seen = EK_TRY(decode_observation(event.data));
    if (wire::needs_reboot(seen.changes)) EK_CHECK(store_reboot_required(edit, host, {seen.ref}));
    const auto resource = EK_TRY(edit.resources().find(host, seen.ref));
    std::uint64_t revision = 0;
    // "resource.observed" and kinds of newer agents are not shown to administrators.
    if (const auto type = find_name<EventType>(event.kind.text())) {
        revision = EK_TRY(
            edit.add_event(*type, host, state::subject_of(seen.ref),
                           state::resource_event(host, seen.ref, seen.policy, seen.generation,
                                                 seen.compliance, seen.changes)));
    }
    if (!concerns(resource, seen.generation)) return {};
    return store_seen(edit, host, *resource, seen.compliance, event.data.find("state"),
                      edit.happened(), revision);
}

Result<void> take_notified(state::Edit& edit, const std::string& host, const wire::Event& event) {
    const wire::Ref ref{event.data.string_or("collection"), event.data.string_or("id")};
    const std::string action = event.data.string_or("action");
    if (!state::fits(ref) || action.empty() || action.size() > wire::kActionBytesMost) {
        return fail(Errc::invalid, "a report names no action");
    }
    json::Object sources{{"requires", event.data["sources"]}};
    const wire::Relations report = EK_TRY(wire::decode_relations(std::move(sources)));
    const json::Value& error = event.data["error"];
    EK_CHECK(edit.add_event(
        EventType::resource_notified, host, state::subject_of(ref),
        state::encode(state::rest::NotifiedEvent{
            .host = host,
            .ref = ref,
            .action = action,
            .sources = report.required,
            .error = error.is_null() ? std::nullopt : std::optional(wire::decode_error(error))})));
    return {};
}

Result<void> take_outcome(state::Edit& edit, const std::string& host, const wire::Event& event) {
    const ReportedEnd end = EK_TRY(decode_reported_end(event.data));
    auto command = EK_TRY(edit.commands().find(end.command));
    if (command && command->host != host) {
        return fail(Errc::invalid, "the command is another host's");
    }
    const auto verb = command ? std::optional(command->verb) : std::nullopt;
    std::vector<wire::Ref> reboots;
    for (const wire::ResourceResult& done : end.resources) {
        EK_CHECK(store_done(edit, host, verb, done, edit.happened()));
        if (wire::needs_reboot(done.changes)) reboots.push_back(done.ref);
    }
    EK_CHECK(store_reboot_required(edit, host, reboots));
    if (!command) return {};
    // A command that has ended here, by its deadline say, stays ended; what it did was stored.
    const auto next = next_state(command->state, end.transition);
    if (!next) return {};
    command->state = *next;
    command->error = end.error;
    fill_in(*command, end.resources);
    return edit.commands().put(*command);
}

Result<void> take_unread_outcome(state::Edit& edit, const std::string& host,
                                 const wire::Event& event, const Error& why) {
    auto command = EK_TRY(edit.commands().find(event.data.string_or("command")));
    if (!command || command->host != host || state::finished(command->state)) return {};
    for (const CommandEntry& entry : command->resources) {
        const auto resource = EK_TRY(edit.resources().find(host, entry.ref));
        if (!concerns(resource, entry.generation)) continue;
        if (!resource->compliance.is(wire::UnknownReason::pending)) continue;
        const wire::Compliance verdict{
            .reason = std::string(to_string(wire::UnknownReason::not_checked)),
            .fields = {},
            .since = edit.happened(),
            .seen_by = std::string(to_string(wire::SeenBy::apply))};
        EK_CHECK(store_seen(edit, host, *resource, verdict, nullptr, resource->observed_at, 0));
    }
    return advance(edit, *command, Transition::failed,
                   Error{Errc::invalid, "the host's report of the outcome cannot be read: " +
                                            printable(why.what)});
}

}  // namespace evenkeel::commands
