#include "orchestrator/state/shapes.hpp"

#include <utility>

namespace evenkeel::state {
namespace {

json::Value show(const CommandEntry& entry) {
    json::Object out{
        {"collection", entry.ref.collection},
        {"id", entry.ref.id},
        {"generation", wire::encode(entry.generation)},
        {"outcome", entry.outcome ? json::Value(wire::to_string(*entry.outcome)) : json::Value()},
        {"changes", wire::encode(entry.changes)},
        {"error", entry.error ? wire::encode(*entry.error) : json::Value()}};
    if (!entry.action.empty()) out.set("action", entry.action);
    return out;
}

json::Value with_last(const wire::Compliance& compliance, json::Value last) {
    json::Value shown = wire::encode(compliance);
    shown.as_object().set("last", std::move(last));
    return shown;
}

}  // namespace

json::Value text_or_null(const std::string& text) {
    return text.empty() ? json::Value() : json::Value(text);
}

json::Value show(const Host& host, const ComplianceCounts& counts) {
    return json::Object{{"id", host.id},
                        {"name", host.name},
                        {"enrolment", to_string(host.enrolment)},
                        {"connection", to_string(host.connection)},
                        {"last_seen", text_or_null(host.last_seen)},
                        {"version", text_or_null(host.version)},
                        {"labels", host.labels},
                        {"facts", host.facts},
                        {"compliance", encode(counts)}};
}

json::Value show(const Command& command) {
    json::Array resources;
    for (const CommandEntry& entry : command.resources) resources.push_back(show(entry));
    return json::Object{{"id", text_or_null(command.id)},
                        {"host", command.host},
                        {"verb", to_string(command.verb)},
                        {"state", to_string(command.state)},
                        {"created_at", text_or_null(command.created_at)},
                        {"finished_at", text_or_null(command.finished_at)},
                        {"request_id", text_or_null(command.request_id)},
                        {"error", command.error ? wire::encode(*command.error) : json::Value()},
                        {"resources", std::move(resources)}};
}

ComplianceView compliance_now(const wire::Compliance& stored, const std::string& offline_since) {
    if (offline_since.empty() || stored.is(wire::UnknownReason::off))
        return {.compliance = stored, .last = {}};
    return {.compliance = {.status = wire::Verdict::unknown,
                           .reason = std::string(to_string(wire::UnknownReason::host_offline)),
                           .fields = {},
                           .since = offline_since,
                           .seen_by = stored.seen_by},
            .last = stored};
}

json::Value show(const ComplianceView& shown) {
    return with_last(shown.compliance, shown.last ? wire::encode(*shown.last) : json::Value());
}

ComplianceCounts counts_offline(const ComplianceCounts& counts) {
    return {.compliant = 0, .drifted = 0, .unknown = counts.total(), .failed = 0};
}

json::Value show(const std::string& host, const Resource& resource, json::Value description,
                 const ComplianceView& compliance) {
    return json::Object{{"host", host},
                        {"collection", resource.ref.collection},
                        {"id", resource.ref.id},
                        {"description", std::move(description)},
                        {"policy", wire::to_string(resource.policy)},
                        {"requires", wire::encode(resource.relations.required)},
                        {"notifies", wire::encode(resource.relations.notified)},
                        {"origin", wire::to_string(resource.origin)},
                        {"generation", wire::encode(resource.generation)},
                        {"state", resource.state},
                        {"observed_at", text_or_null(resource.observed_at)},
                        {"compliance", show(compliance)}};
}

json::Value show_verdict(const std::string& host, const Resource& resource,
                         const ComplianceView& compliance) {
    return json::Object{{"host", host},
                        {"collection", resource.ref.collection},
                        {"id", resource.ref.id},
                        {"policy", wire::to_string(resource.policy)},
                        {"origin", wire::to_string(resource.origin)},
                        {"generation", wire::encode(resource.generation)},
                        {"compliance", show(compliance)}};
}

json::Value resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                           const wire::Generation& generation, const wire::Compliance& compliance,
                           json::Value changes) {
    return json::Object{{"host", host},
                        {"collection", ref.collection},
                        {"id", ref.id},
                        {"policy", wire::to_string(policy)},
                        {"generation", wire::encode(generation)},
                        {"compliance", with_last(compliance, nullptr)},
                        {"changes", std::move(changes)}};
}

json::Value description_event(const std::string& host, const wire::Ref& ref,
                              const wire::Generation& generation, wire::Origin origin,
                              const OpenName<wire::DescriptionReason>& reason) {
    return json::Object{{"host", host},
                        {"collection", ref.collection},
                        {"id", ref.id},
                        {"generation", wire::encode(generation)},
                        {"origin", wire::to_string(origin)},
                        {"reason", reason.text()}};
}

std::string subject_of(const wire::Ref& ref) {
    return ref.collection + "/" + ref.id;
}

}  // namespace evenkeel::state
