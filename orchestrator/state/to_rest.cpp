#include "orchestrator/state/to_rest.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/state/body.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/resource.hpp"
#include "orchestrator/state/rest_fields.hpp"

namespace evenkeel::state {
json::Value show(const Host& host, const ComplianceCounts& counts,
                 const std::optional<Wanted>& wanted) {
    return json::encode_shape(rest::Host{host, counts, wanted});
}

json::Value show(const Command& command) {
    return json::encode_shape(command);
}

json::Text write_shown(const Command& command) {
    return json::text_of_shape(command);
}

Command without_output(Command command) {
    for (CommandEntry& entry : command.resources) entry.output.reset();
    return command;
}

json::Value show(const Plan& plan) {
    return json::encode_shape(plan);
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
                                             .owners = resource.owners,
                                             .overrides = resource.overrides,
                                             .generation = resource.generation,
                                             .state = resource.state,
                                             .observed_at = resource.observed_at,
                                             .compliance = compliance});
}

json::Value show(const Body& body, json::Value description, bool is_current, bool has_succeeded) {
    return json::encode_shape(rest::FormerDescription{.generation = body.generation,
                                                      .is_current = is_current,
                                                      .has_succeeded = has_succeeded,
                                                      .written_at = body.written_at,
                                                      .description = std::move(description),
                                                      .policy = body.policy,
                                                      .required = body.relations.required,
                                                      .notified = body.relations.notified,
                                                      .origin = body.origin});
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
    return json::encode_shape(rest::Enrolment{enrolment.id(), enrolment});
}

json::Object show(const std::string& host, const Collection& collection,
                  std::optional<json::Value> schema) {
    return json::encode_shape(rest::Collection{host, collection, std::move(schema)});
}

json::Object show(const ApiToken& token) {
    return json::encode_shape(rest::Token{token, token.state_at(now_unix_ms())});
}

json::Object show_made(const ApiToken& token, std::string_view secret) {
    return json::encode_shape(
        rest::TokenMade{{token, token.state_at(now_unix_ms())}, std::string(secret)});
}

json::Object show(const EnrolmentToken& token) {
    return json::encode_shape(token);
}

json::Object show_made(const EnrolmentToken& token, std::string_view secret,
                       std::string_view install, bool requires_approval) {
    return json::encode_shape(rest::EnrolmentTokenMade{token, std::string(secret),
                                                       std::string(install), requires_approval});
}

json::Value show(const crypto::ChainEnd& end) {
    return json::encode_shape(end);
}

json::Text resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                          const wire::Generation& generation, const wire::Compliance& compliance,
                          const std::vector<wire::Change>& changes) {
    return json::text_of_shape(rest::ResourceEvent{.host = host,
                                                   .ref = ref,
                                                   .policy = policy,
                                                   .generation = generation,
                                                   .compliance = {.now = compliance, .last = {}},
                                                   .changes = changes});
}

json::Text description_event(const std::string& host, const wire::Ref& ref,
                             const wire::Generation& generation, wire::Origin origin,
                             const OpenName<wire::DescriptionReason>& reason) {
    return json::text_of_shape(rest::DescriptionEvent{.host = host,
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

json::Value encode(const rest::CompiledEvent& event) {
    return json::encode_shape(event);
}

json::Value encode(const rest::AgentEvent& event) {
    return json::encode_shape(event);
}

json::Value encode(const rest::RestoredEvent& event) {
    return json::encode_shape(event);
}

Result<rest::AgentEvent> decode_agent_event(const json::Value& reported) {
    return json::decode<rest::AgentEvent>(reported);
}

std::string subject_of(const wire::Ref& ref) {
    return ref.collection + "/" + ref.id;
}

}  // namespace evenkeel::state
