#include "orchestrator/state/to_rest.hpp"

#include <utility>

#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/rest_shapes.hpp"

namespace evenkeel::state {
namespace {

rest::CommandResource shape_of(const CommandEntry& entry) {
    return {.ref = entry.ref,
            .generation = entry.generation,
            .outcome = entry.outcome,
            .changes = entry.changes,
            .error = entry.error,
            .action = entry.action};
}

rest::Compliance shape_of(const ComplianceView& view) {
    return {.now = view.compliance, .last = view.last};
}

}  // namespace

json::Value show(const Host& host, const ComplianceCounts& counts) {
    return rest::encode(rest::Host{.id = host.id,
                                   .name = host.name,
                                   .enrolment = host.enrolment,
                                   .connection = host.connection,
                                   .last_seen = host.last_seen,
                                   .version = host.version,
                                   .labels = host.labels,
                                   .facts = host.facts,
                                   .compliance = counts});
}

json::Value show(const Command& command) {
    rest::Command shown{.id = command.id,
                        .host = command.host,
                        .verb = command.verb,
                        .state = command.state,
                        .created_at = command.created_at,
                        .finished_at = command.finished_at,
                        .request_id = command.request_id,
                        .error = command.error,
                        .resources = {}};
    for (const CommandEntry& entry : command.resources) shown.resources.push_back(shape_of(entry));
    return rest::encode(shown);
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

ComplianceCounts counts_offline(const ComplianceCounts& counts) {
    return {.compliant = 0, .drifted = 0, .unknown = counts.total(), .failed = 0};
}

json::Value show(const std::string& host, const Resource& resource, json::Value description,
                 const ComplianceView& compliance) {
    return rest::encode(rest::Resource{.host = host,
                                       .ref = resource.ref,
                                       .description = std::move(description),
                                       .policy = resource.policy,
                                       .required = resource.relations.required,
                                       .notified = resource.relations.notified,
                                       .origin = resource.origin,
                                       .generation = resource.generation,
                                       .state = resource.state,
                                       .observed_at = resource.observed_at,
                                       .compliance = shape_of(compliance)});
}

json::Value show_undescribed(const std::string& host, const wire::Ref& ref, json::Value state,
                             const std::string& observed_at) {
    rest::Resource shown;
    shown.host = host;
    shown.ref = ref;
    shown.state = std::move(state);
    shown.observed_at = observed_at;
    return rest::encode(shown);
}

json::Value show_verdict(const std::string& host, const Resource& resource,
                         const ComplianceView& compliance) {
    return rest::encode(rest::Verdict{.host = host,
                                      .ref = resource.ref,
                                      .policy = resource.policy,
                                      .origin = resource.origin,
                                      .generation = resource.generation,
                                      .compliance = shape_of(compliance)});
}

json::Value show(const Enrolment& enrolment) {
    return rest::encode(rest::Enrolment{.id = enrolment.id(),
                                        .host = enrolment.host,
                                        .state = enrolment.state,
                                        .name = enrolment.name,
                                        .fingerprint = enrolment.fingerprint,
                                        .machine_id = enrolment.machine_id,
                                        .version = enrolment.version,
                                        .address = enrolment.address,
                                        .facts = enrolment.facts,
                                        .announced_at = enrolment.announced_at});
}

json::Value resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                           const wire::Generation& generation, const wire::Compliance& compliance,
                           const std::vector<wire::Change>& changes) {
    return rest::encode(rest::ResourceEvent{.host = host,
                                            .ref = ref,
                                            .policy = policy,
                                            .generation = generation,
                                            .compliance = {.now = compliance, .last = {}},
                                            .changes = changes});
}

json::Value description_event(const std::string& host, const wire::Ref& ref,
                              const wire::Generation& generation, wire::Origin origin,
                              const OpenName<wire::DescriptionReason>& reason) {
    return rest::encode(rest::DescriptionEvent{.host = host,
                                               .ref = ref,
                                               .generation = generation,
                                               .origin = origin,
                                               .reason = std::string(reason.text())});
}

std::string subject_of(const wire::Ref& ref) {
    return ref.collection + "/" + ref.id;
}

}  // namespace evenkeel::state
