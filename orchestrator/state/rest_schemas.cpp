#include "orchestrator/state/rest_schemas.hpp"

#include <utility>

#include "orchestrator/state/rest_fields.hpp"

namespace evenkeel::state {
namespace {

// The CloudEvent that carries `data`.
json::Value event_with(json::Value data) {
    data.as_object().erase("type");  // it is the Event's
    return json::Object{{"allOf", json::Array{json::reference_to("Event")}},
                        {"required", json::Array{"id"}},
                        {"properties", json::Object{{"data", std::move(data)}}}};
}

template <typename... T>
void add(json::Object& schemas) {
    (schemas.append(std::string(json::schema_name<T>()), json::shape_schema<T>()), ...);
}

// Of T, which is an M with more members.
template <typename T, typename M>
void add_extended(json::Object& schemas) {
    schemas.append(std::string(json::schema_name<T>()),
                   json::Object{{"allOf", json::Array{json::reference_to(json::schema_name<M>()),
                                                      json::shape_schema<T>()}}});
}

void add_events(json::Object& schemas) {
    schemas.append("ResourceEvent", event_with(json::shape_schema<rest::ResourceEvent>()));
    schemas.append("DescriptionEvent", event_with(json::shape_schema<rest::DescriptionEvent>()));
    schemas.append("NotifiedEvent", event_with(json::shape_schema<rest::NotifiedEvent>()));
    for (const char* what : {"Command", "Host", "Enrolment", "Plan"}) {
        schemas.append(std::string(what) + "Event", event_with(json::reference_to(what)));
    }
    schemas.append("ModelEvent", event_with(json::shape_schema<rest::ModelEvent>()));
    schemas.append("CompiledEvent", event_with(json::shape_schema<rest::CompiledEvent>()));
    json::Value progress = event_with(json::shape_schema<rest::ProgressEvent>());
    progress.as_object().erase("required");
    progress.as_object().set("description", "Live only: without an id.");
    progress.as_object().find("properties")->as_object().set("id", false);
    schemas.append("ProgressEvent", std::move(progress));
    json::Value agent = event_with(json::shape_schema<rest::AgentEvent>());
    agent.as_object().set("description",
                          "What an agent could not see, or its event numbers that were lost.");
    schemas.append("AgentEvent", std::move(agent));
    json::Value restored = event_with(json::shape_schema<rest::RestoredEvent>());
    restored.as_object().set("description",
                             "The first event of a store that was restored from a backup.");
    schemas.append("RestoredEvent", std::move(restored));
}

}  // namespace

json::Object rest_schemas() {
    json::Object all;
    add<Error, wire::Ref, wire::Notification, wire::Generation, wire::Change, wire::Output>(all);
    add<ComplianceCounts, rest::ComplianceView, rest::ComplianceEntry, rest::Host, rest::Resource>(
        all);
    add<Owner, rest::FormerDescription, Command, Plan, rest::Enrolment, rest::Collection,
        rest::Token, EnrolmentToken>(all);
    add_extended<rest::TokenMade, rest::Token>(all);
    add_extended<rest::EnrolmentTokenMade, EnrolmentToken>(all);
    add<crypto::ChainEnd, rest::AuditRecord>(all);
    add_events(all);
    return all;
}

}  // namespace evenkeel::state
