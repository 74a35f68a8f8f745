#pragma once

#include "core/json/text.hpp"
#include "core/wire/words.hpp"
#include "orchestrator/state/rest_objects.hpp"

// From what is stored to what REST and events show (docs/rest.md). [any]
namespace evenkeel::crypto {
struct ChainEnd;
}

namespace evenkeel::state {

struct Body;
struct Command;
struct Plan;
struct Resource;

json::Value show(const Host& host, const ComplianceCounts& counts,
                 const std::optional<Wanted>& wanted);
json::Value show(const Command& command);
// The same as text.
json::Text write_shown(const Command& command);
// What lists and events show of it: without what programs have printed.
Command without_output(Command command);
// Without what it does.
json::Value show(const Plan& plan);

// `offline_since` is empty while the host is online. What was never watched is unchanged.
rest::ComplianceView compliance_now(const wire::Compliance& stored,
                                    const std::string& offline_since);
// The counts of a host that is offline: all unknown.
ComplianceCounts counts_offline(const ComplianceCounts& counts);

// `description` is redacted already.
json::Value show(const std::string& host, const Resource& resource, json::Value description,
                 const rest::ComplianceView& compliance);
// An entry of a resource's history; `description` is redacted already.
json::Value show(const Body& body, json::Value description, bool is_current, bool has_succeeded);
// A resource that exists on the host and has no description.
json::Value show_undescribed(const std::string& host, const wire::Ref& ref, json::Value state,
                             const std::string& observed_at);
// An entry of /v1/compliance.
json::Value show_verdict(const std::string& host, const Resource& resource,
                         const rest::ComplianceView& compliance);

json::Value show(const Enrolment& enrolment);

// A collection, outside of lists with its JSON Schema, which is null while it has not come.
json::Object show(const std::string& host, const Collection& collection,
                  std::optional<json::Value> schema = {});

json::Object show(const ApiToken& token);
json::Object show(const EnrolmentToken& token);
// Once, when it was made: with its secret.
json::Object show_made(const ApiToken& token, std::string_view secret);
json::Object show_made(const EnrolmentToken& token, std::string_view secret,
                       std::string_view install, bool requires_approval);

json::Value show(const crypto::ChainEnd& end);

// The data of resource.* and of description.* events.
json::Text resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                          const wire::Generation& generation, const wire::Compliance& compliance,
                          const std::vector<wire::Change>& changes);
json::Text description_event(const std::string& host, const wire::Ref& ref,
                             const wire::Generation& generation, wire::Origin origin,
                             const OpenName<wire::DescriptionReason>& reason);
json::Value encode(const rest::NotifiedEvent& event);
json::Value encode(const rest::ProgressEvent& event);
json::Value encode(const rest::CompiledEvent& event);
json::Value encode(const rest::AgentEvent& event);
json::Value encode(const rest::RestoredEvent& event);
// As an agent reports it, without its host. `invalid` when it does not read.
Result<rest::AgentEvent> decode_agent_event(const json::Value& reported);
std::string subject_of(const wire::Ref& ref);

}  // namespace evenkeel::state
