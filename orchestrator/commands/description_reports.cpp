#include "orchestrator/commands/description_reports.hpp"

#include <utility>

#include "core/secrets/protector.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/mirrors.hpp"
#include "orchestrator/commands/observations.hpp"
#include "orchestrator/commands/report.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::commands {
namespace {

using state::Resource;
using wire::Origin;
using Reason = wire::DescriptionReason;

struct DescriptionReport {
    wire::Ref ref;
    wire::Generation generation;
    Origin origin = Origin::local;
    OpenName<Reason> reason;
};

Result<DescriptionReport> decode_report(const json::Value& data) {
    DescriptionReport report;
    report.ref = {data.string_or("collection"), data.string_or("id")};
    if (!state::fits(report.ref)) return fail(Errc::invalid, "a report names no resource");
    report.generation = EK_TRY(wire::decode_generation(data["generation"]));
    report.origin = EK_TRY(wire::origin_from(data.string_or("origin", "local")));
    report.reason = OpenName<Reason>(data.string_or("reason"));
    return report;
}

// Whether the store may take this from the host: its own descriptions as long as we have none,
// and what the orchestrator that was lost had said after the backup.
bool takes(const ReportContext& context, const std::optional<Resource>& here,
           const DescriptionReport& report) {
    if (report.reason == Reason::restored) {
        return !context.stream.predecessor.empty() &&
               report.generation.stream == context.stream.predecessor &&
               report.generation.revision > context.stream.predecessor_end &&
               !(here && here->generation.stream == context.stream.id);
    }
    return report.origin == Origin::local && (!here || here->origin == Origin::local);
}

Result<std::uint64_t> add_description_event(state::Edit& edit, state::EventType type,
                                            const std::string& host,
                                            const DescriptionReport& report) {
    return edit.add_event(type, host, state::subject_of(report.ref),
                          state::description_event(host, report.ref, report.generation,
                                                   report.origin, report.reason));
}

// A host that changes what is described here, beyond reporting its own, is on record.
Result<void> audit(state::Edit& edit, const std::string& host, const DescriptionReport& report) {
    if (report.reason != Reason::restored && report.reason != Reason::detached) return {};
    const auto record = EK_TRY(edit.hosts().find(host));
    state::AuditContext audit_context = state::host_audit_context(
        host, record ? record->name : "", std::string(report.reason.text()));
    audit_context.object = state::subject_of(report.ref);
    audit_context.detail = json::Object{{"generation", wire::encode(report.generation)}};
    return edit.audit(audit_context);
}

// What was compiled has another fate on the host: the backup's model is older than that, and
// nothing of it is sent by itself.
Result<void> hold_if_older(state::Edit& edit, const std::string& host,
                           const std::optional<Resource>& here, const DescriptionReport& report) {
    const bool is_older = report.reason == Reason::restored && here && !here->owners.empty();
    return is_older ? edit.wanted().hold(host) : Result<void>();
}

}  // namespace

Result<void> take_described(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event) {
    const DescriptionReport report = EK_TRY(decode_report(event.data));
    const json::Value& description = event.data["description"];
    if (!description.is_object()) return fail(Errc::invalid, "a report has no description");
    const auto policy = EK_TRY(wire::policy_from(event.data.string_or("policy", "report")));
    wire::Relations relations = EK_TRY(wire::decode_relations(event.data));
    wire::Compliance compliance;
    if (event.data["compliance"].is_object()) {
        compliance = EK_TRY(decode_verdict(event.data["compliance"]));
    }
    const json::Value state = EK_TRY(wire::decode_state(event.data["state"]));
    const auto here = EK_TRY(edit.resources().find(host, report.ref));
    const std::uint64_t revision =
        EK_TRY(add_description_event(edit, state::EventType::description_changed, host, report));
    if (!takes(context, here, report)) return {};
    EK_CHECK(audit(edit, host, report));
    const auto schema = EK_TRY(context.schemas->find(edit, host, report.ref.collection));
    Resource resource;
    resource.ref = report.ref;
    resource.policy = policy;
    resource.relations = std::move(relations);
    resource.origin = report.origin;
    resource.generation = report.generation;
    resource.revision = revision;
    resource.state = state;
    resource.observed_at = edit.happened();
    resource.compliance = std::move(compliance);
    // What the host hands up does not say whose it was; that of the backup is the best guess, and
    // what it differs in from what is compiled is then a change of theirs.
    if (here) {
        resource.owners = here->owners;
        resource.overrides = here->overrides;
    }
    EK_CHECK(hold_if_older(edit, host, here, report));
    EK_CHECK(keep_names(edit, host, report.ref, schema.get(), description));
    return edit.resources().describe(
        host, here ? &*here : nullptr, resource,
        context.protector->seal({host, report.ref.collection, report.ref.id}, description,
                                schema.get()),
        "");
}

Result<void> take_forgotten(state::Edit& edit, const ReportContext& context,
                            const std::string& host, const wire::Event& event) {
    const DescriptionReport report = EK_TRY(decode_report(event.data));
    const auto here = EK_TRY(edit.resources().find(host, report.ref));
    EK_CHECK(add_description_event(edit, state::EventType::description_forgotten, host, report));
    // Detached: the host's administrator has taken over what was described here.
    const bool detached =
        report.reason == Reason::detached && here && here->generation == report.generation;
    if (!here || !(detached || takes(context, here, report))) return {};
    EK_CHECK(audit(edit, host, report));
    EK_CHECK(hold_if_older(edit, host, here, report));
    return edit.resources().erase(host, *here);
}

}  // namespace evenkeel::commands
