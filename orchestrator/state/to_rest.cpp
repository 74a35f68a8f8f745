#include "orchestrator/state/to_rest.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/rest_fields.hpp"

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

rest::Collection shape_of(const std::string& host, const Collection& collection) {
    return {.host = host,
            .name = collection.name,
            .plugin = collection.plugin,
            .schema_version = collection.schema_version,
            .schema_sha256 = collection.schema_sha256,
            .actions = collection.actions,
            .has_schema = false,
            .schema = {}};
}

std::string time_or_none(std::int64_t ms) {
    return ms == 0 ? "" : to_rfc3339(ms);
}

rest::Token shape_of(const ApiToken& token) {
    return {.id = token.id,
            .name = token.name,
            .role = token.role,
            .state = token.state_at(now_unix_ms()),
            .created_at = token.created_at,
            .created_by = token.created_by,
            .expires_at = time_or_none(token.expires_at_ms),
            .revoked_at = time_or_none(token.revoked_at_ms)};
}

rest::EnrolmentToken shape_of(const EnrolmentToken& token) {
    return {.id = token.id,
            .name = token.name,
            .uses = token.uses,
            .uses_left = token.uses_left,
            .expires_at = to_rfc3339(token.expires_at_ms),
            .created_at = token.created_at,
            .labels = token.labels};
}

}  // namespace

json::Value show(const Host& host, const ComplianceCounts& counts) {
    return json::encode_shape(rest::Host{.id = host.id,
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
    return json::encode_shape(shown);
}

rest::ComplianceView compliance_now(const wire::Compliance& stored,
                                    const std::string& offline_since) {
    if (offline_since.empty() || stored.is(wire::UnknownReason::off))
        return {.now = stored, .last = {}};
    return {.now = {.status = wire::Verdict::unknown,
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
                 const rest::ComplianceView& compliance) {
    return json::encode_shape(rest::Resource{.host = host,
                                             .ref = resource.ref,
                                             .description = std::move(description),
                                             .policy = resource.policy,
                                             .required = resource.relations.required,
                                             .notified = resource.relations.notified,
                                             .origin = resource.origin,
                                             .generation = resource.generation,
                                             .state = resource.state,
                                             .observed_at = resource.observed_at,
                                             .compliance = compliance});
}

json::Value show_undescribed(const std::string& host, const wire::Ref& ref, json::Value state,
                             const std::string& observed_at) {
    rest::Resource shown;
    shown.host = host;
    shown.ref = ref;
    shown.state = std::move(state);
    shown.observed_at = observed_at;
    return json::encode_shape(shown);
}

json::Value show_verdict(const std::string& host, const Resource& resource,
                         const rest::ComplianceView& compliance) {
    return json::encode_shape(rest::ComplianceEntry{.host = host,
                                                    .ref = resource.ref,
                                                    .policy = resource.policy,
                                                    .origin = resource.origin,
                                                    .generation = resource.generation,
                                                    .compliance = compliance});
}

json::Value show(const Enrolment& enrolment) {
    return json::encode_shape(rest::Enrolment{.id = enrolment.id(),
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

json::Object show(const std::string& host, const Collection& collection) {
    return json::encode_shape(shape_of(host, collection));
}

json::Object show(const std::string& host, const Collection& collection, json::Value schema) {
    rest::Collection shown = shape_of(host, collection);
    shown.has_schema = true;
    shown.schema = std::move(schema);
    return json::encode_shape(shown);
}

json::Object show(const ApiToken& token) {
    return json::encode_shape(shape_of(token));
}

json::Object show_made(const ApiToken& token, std::string_view secret) {
    return json::encode_shape(rest::TokenMade{shape_of(token), std::string(secret)});
}

json::Object show(const EnrolmentToken& token) {
    return json::encode_shape(shape_of(token));
}

json::Object show_made(const EnrolmentToken& token, std::string_view secret,
                       std::string_view install) {
    return json::encode_shape(
        rest::EnrolmentTokenMade{shape_of(token), std::string(secret), std::string(install)});
}

json::Value show(const crypto::ChainEnd& end) {
    return json::encode_shape(end);
}

json::Object identity(std::string_view id) {
    return json::encode_shape(rest::Identity{std::string(id)});
}

json::Object identity(std::string_view host, std::string_view collection) {
    return json::encode_shape(rest::CollectionIdentity{std::string(host), std::string(collection)});
}

json::Object identity(std::string_view host, const wire::Ref& ref) {
    return json::encode_shape(rest::ResourceIdentity{std::string(host), ref});
}

json::Value bookmark(std::uint64_t revision, bool initial_end) {
    return json::encode_shape(rest::Bookmark{revision, initial_end});
}

json::Value resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                           const wire::Generation& generation, const wire::Compliance& compliance,
                           const std::vector<wire::Change>& changes) {
    return json::encode_shape(rest::ResourceEvent{.host = host,
                                                  .ref = ref,
                                                  .policy = policy,
                                                  .generation = generation,
                                                  .compliance = {.now = compliance, .last = {}},
                                                  .changes = changes});
}

json::Value description_event(const std::string& host, const wire::Ref& ref,
                              const wire::Generation& generation, wire::Origin origin,
                              const OpenName<wire::DescriptionReason>& reason) {
    return json::encode_shape(rest::DescriptionEvent{.host = host,
                                                     .ref = ref,
                                                     .generation = generation,
                                                     .origin = origin,
                                                     .reason = std::string(reason.text())});
}

json::Value encode(const rest::NotifiedEvent& event) {
    return json::encode_shape(event);
}

json::Value encode(const rest::ProgressEvent& event) {
    return json::encode_shape(event);
}

json::Value encode(const rest::AgentEvent& event) {
    return json::encode_shape(event);
}

Result<rest::AgentEvent> decode_agent_event(const json::Value& reported) {
    return json::decode<rest::AgentEvent>(reported);
}

std::string subject_of(const wire::Ref& ref) {
    return ref.collection + "/" + ref.id;
}

}  // namespace evenkeel::state
