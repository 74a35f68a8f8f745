#pragma once

#include <optional>
#include <string>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/resource.hpp"

// The objects as REST and events show them (docs/rest.md). No secret is in any of them. [any]
namespace evenkeel::state {

json::Value show(const Host& host, const ComplianceCounts& counts);
json::Value show(const Command& command);

// A verdict as it holds now: `last` is the one before the host went offline.
struct ComplianceView {
    wire::Compliance compliance;
    std::optional<wire::Compliance> last;
};
// `offline_since` is empty while the host is online. What was never watched is unchanged.
ComplianceView compliance_now(const wire::Compliance& stored, const std::string& offline_since);
// The counts of a host that is offline: all unknown.
ComplianceCounts counts_offline(const ComplianceCounts& counts);

// `description` is redacted already.
json::Value show(const std::string& host, const Resource& resource, json::Value description,
                 const ComplianceView& compliance);
// A resource that exists on the host and has no description.
json::Value show_undescribed(const std::string& host, const wire::Ref& ref, json::Value state,
                             const std::string& observed_at);
// An entry of /v1/compliance.
json::Value show_verdict(const std::string& host, const Resource& resource,
                         const ComplianceView& compliance);

// The data of resource.* and of description.* events.
json::Value resource_event(const std::string& host, const wire::Ref& ref, wire::Policy policy,
                           const wire::Generation& generation, const wire::Compliance& compliance,
                           const std::vector<wire::Change>& changes);
json::Value description_event(const std::string& host, const wire::Ref& ref,
                              const wire::Generation& generation, wire::Origin origin,
                              const OpenName<wire::DescriptionReason>& reason);
std::string subject_of(const wire::Ref& ref);

}  // namespace evenkeel::state
