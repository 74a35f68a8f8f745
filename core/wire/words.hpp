#pragma once

#include "core/base/names.hpp"

// The closed lists of words in messages: verbs, kinds, ends and reasons, each an enum with its
// names. What a newer peer may add travels as an OpenName. docs/bus-protocol.md says what they
// mean.
namespace evenkeel::wire {

using evenkeel::to_string;

// What a command asks for.
enum class Verb { apply, remove, forget, invoke };
constexpr auto enum_names(Verb) {
    return names<Verb>("verb", {{Verb::apply, "apply"},
                                {Verb::remove, "remove"},
                                {Verb::forget, "forget"},
                                {Verb::invoke, "invoke"}});
}

// What a request asks for. The first five are answered on the bus and on the agent's local socket,
// the others on the socket alone.
enum class RequestVerb {
    read,
    list,
    plan,
    inventory,
    schema,

    apply,
    invoke,
    check,
    export_file,
    plugins,
    release,
    status,
    watch,
    reload,
};
constexpr auto enum_names(RequestVerb) {
    return names<RequestVerb>("request", {{RequestVerb::read, "read"},
                                          {RequestVerb::list, "list"},
                                          {RequestVerb::plan, "plan"},
                                          {RequestVerb::inventory, "inventory"},
                                          {RequestVerb::schema, "schema"},
                                          {RequestVerb::apply, "apply"},
                                          {RequestVerb::invoke, "invoke"},
                                          {RequestVerb::check, "check"},
                                          {RequestVerb::export_file, "export"},
                                          {RequestVerb::plugins, "plugins"},
                                          {RequestVerb::release, "release"},
                                          {RequestVerb::status, "status"},
                                          {RequestVerb::watch, "watch"},
                                          {RequestVerb::reload, "reload"}});
}

// How a command ended, as its outcome says.
enum class EndState { succeeded, failed, cancelled, superseded, interrupted, expired };
constexpr auto enum_names(EndState) {
    return names<EndState>("state", {{EndState::succeeded, "succeeded"},
                                     {EndState::failed, "failed"},
                                     {EndState::cancelled, "cancelled"},
                                     {EndState::superseded, "superseded"},
                                     {EndState::interrupted, "interrupted"},
                                     {EndState::expired, "expired"}});
}

// What an event tells. The orchestrator takes over one whose kind it does not know, and leaves it
// alone.
enum class EventKind {
    resource_observed,
    resource_drifted,
    resource_restored,
    resource_repaired,
    resource_unknown,
    resource_failed,
    resource_notified,
    description_changed,
    description_forgotten,
    command_running,   // live
    command_progress,  // live
    command_outcome,
    agent_blind,
    agent_shed,
};
constexpr auto enum_names(EventKind) {
    return names<EventKind>("kind", {{EventKind::resource_observed, "resource.observed"},
                                     {EventKind::resource_drifted, "resource.drifted"},
                                     {EventKind::resource_restored, "resource.restored"},
                                     {EventKind::resource_repaired, "resource.repaired"},
                                     {EventKind::resource_unknown, "resource.unknown"},
                                     {EventKind::resource_failed, "resource.failed"},
                                     {EventKind::resource_notified, "resource.notified"},
                                     {EventKind::description_changed, "description.changed"},
                                     {EventKind::description_forgotten, "description.forgotten"},
                                     {EventKind::command_running, "command.running"},
                                     {EventKind::command_progress, "command.progress"},
                                     {EventKind::command_outcome, "command.outcome"},
                                     {EventKind::agent_blind, "agent.blind"},
                                     {EventKind::agent_shed, "agent.shed"}});
}
// Whether it tells how a resource is; true also for such kinds of newer agents.
inline bool concerns_resource(const OpenName<EventKind>& kind) {
    return kind.text().starts_with("resource.");
}

// Why a description was changed or forgotten.
enum class DescriptionReason {
    request,   // by REST
    removed,   // by REST, and the resource is gone
    replaced,  // a local one by the orchestrator's
    local,     // at the host
    detached,  // the orchestrator's, taken over at the host
    restored,  // handed up by the host after the orchestrator was restored from a backup
    owners,    // not what is described: who owns it, or whether that is outweighed
};
constexpr auto enum_names(DescriptionReason) {
    return names<DescriptionReason>("reason", {{DescriptionReason::request, "request"},
                                               {DescriptionReason::removed, "removed"},
                                               {DescriptionReason::replaced, "replaced"},
                                               {DescriptionReason::local, "local"},
                                               {DescriptionReason::detached, "detached"},
                                               {DescriptionReason::restored, "restored"},
                                               {DescriptionReason::owners, "owners"}});
}

}  // namespace evenkeel::wire
