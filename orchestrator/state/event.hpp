#pragma once

#include <cstdint>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "core/json/text.hpp"

// Events as administrators see them: CloudEvents 1.0 in JSON, rendered once when they happen.
namespace evenkeel::state {

using evenkeel::to_string;

// The types that administrators can see.
enum class EventType {
    resource_drifted,
    resource_restored,
    resource_repaired,
    resource_unknown,
    resource_failed,
    resource_notified,
    description_changed,
    description_forgotten,
    command_changed,
    command_progress,  // live
    host_changed,
    enrolment_changed,
    environment_changed,
    setting_changed,
    application_changed,
    assignment_changed,
    plan_changed,
    host_compiled,
    agent_blind,
    agent_shed,
    orchestrator_restored,
};
constexpr auto enum_names(EventType) {
    return names<EventType>("event type",
                            {{EventType::resource_drifted, "resource.drifted"},
                             {EventType::resource_restored, "resource.restored"},
                             {EventType::resource_repaired, "resource.repaired"},
                             {EventType::resource_unknown, "resource.unknown"},
                             {EventType::resource_failed, "resource.failed"},
                             {EventType::resource_notified, "resource.notified"},
                             {EventType::description_changed, "description.changed"},
                             {EventType::description_forgotten, "description.forgotten"},
                             {EventType::command_changed, "command.changed"},
                             {EventType::command_progress, "command.progress"},
                             {EventType::host_changed, "host.changed"},
                             {EventType::enrolment_changed, "enrolment.changed"},
                             {EventType::environment_changed, "environment.changed"},
                             {EventType::setting_changed, "setting.changed"},
                             {EventType::application_changed, "application.changed"},
                             {EventType::assignment_changed, "assignment.changed"},
                             {EventType::plan_changed, "plan.changed"},
                             {EventType::host_compiled, "host.compiled"},
                             {EventType::agent_blind, "agent.blind"},
                             {EventType::agent_shed, "agent.shed"},
                             {EventType::orchestrator_restored, "orchestrator.restored"}});
}

struct EventHeader {
    std::string id;  // "<stream>-<revision>"; empty for a live-only one
    EventType type{};
    std::string host;  // host id, or empty
};

// RFC 3339: when it happened, by the clock of the host that reports it, and when it was recorded
// here. Events are in the order of the latter.
struct EventTimes {
    std::string happened;
    std::string recorded;
};

// As stored: type, host and id on a line each, then the CloudEvent. Filters need no JSON parser.
std::string encode_event(const EventHeader& head, std::string_view subject, const EventTimes& times,
                         const json::Text& data);

// A stored event; views into the record.
struct StoredEvent {
    std::string_view type;
    std::string_view host;
    std::string_view id;
    std::string_view body;  // the CloudEvent

    bool is(EventType one) const { return type == to_string(one); }
};
Result<StoredEvent> decode_event(std::string_view record);

// When a stored event was recorded. Programs before "recordedtime" had that in "time". O(head)
std::string_view recorded_time(const StoredEvent& event);

// The same for an event that is not stored.
std::string live_event(EventType type, const std::string& host, std::string_view subject,
                       std::string_view time, const json::Value& data);

// The time that a host names, as we write it: now for one that does not read, and for one that is
// yet to come, since the host's clock may be wrong.
std::string time_of_host(std::string_view time);

std::string event_id(std::string_view stream, std::uint64_t revision);
struct EventPosition {
    std::string stream;
    std::uint64_t revision = 0;
};
// `invalid` when it is not spelled like one of ours.
Result<EventPosition> parse_event_id(std::string_view id);

}  // namespace evenkeel::state
