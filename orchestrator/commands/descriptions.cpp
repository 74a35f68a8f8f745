#include "orchestrator/commands/descriptions.hpp"

#include <utility>

#include "orchestrator/state/shapes.hpp"

namespace evenkeel::commands {
namespace {

using state::Resource;
using wire::Origin;

struct Told {
    wire::Ref ref;
    wire::Generation generation;
    Origin origin = Origin::local;
    std::string reason;
};

Result<Told> decode_told(const json::Value& data) {
    Told told;
    told.ref = {data.string_or("collection"), data.string_or("id")};
    if (!state::fits(told.ref)) return fail(Errc::invalid, "a report names no resource");
    told.generation = EK_TRY(wire::decode_generation(data["generation"]));
    told.origin = EK_TRY(wire::origin_from(data.string_or("origin", "local")));
    told.reason = data.string_or("reason");
    return told;
}

// Whether the store may take this from the host: its own descriptions as long as we have none,
// and what the orchestrator that was lost had said after the backup.
bool takes(const Known& known, const std::optional<Resource>& here, const Told& told) {
    if (told.reason == "restored") {
        return !known.stream.predecessor.empty() &&
               told.generation.stream == known.stream.predecessor &&
               told.generation.revision > known.stream.predecessor_end &&
               !(here && here->generation.stream == known.stream.id);
    }
    return told.origin == Origin::local && (!here || here->origin == Origin::local);
}

Result<std::uint64_t> tell(state::Edit& edit, const std::string& kind, const std::string& host,
                           const Told& told) {
    return edit.add_event(
        kind, host, state::subject_of(told.ref),
        state::description_event(host, told.ref, told.generation, told.origin, told.reason));
}

// A host that changes what is described here, beyond reporting its own, is on record.
Result<void> audit(state::Edit& edit, const std::string& host, const Told& told) {
    if (told.reason != "restored" && told.reason != "detached") return {};
    const auto record = EK_TRY(edit.host(host));
    state::Act act = state::host_act(host, record ? record->name : "", told.reason);
    act.object = state::subject_of(told.ref);
    act.detail = json::Object{{"generation", wire::encode(told.generation)}};
    return edit.audit(act);
}

}  // namespace

Result<void> take_described(state::Edit& edit, const Known& known, const std::string& host,
                            const wire::Event& event) {
    const Told told = EK_TRY(decode_told(event.data));
    const json::Value& description = event.data["description"];
    if (!description.is_object()) return fail(Errc::invalid, "a report has no description");
    const auto policy = EK_TRY(wire::policy_from(event.data.string_or("policy", "report")));
    wire::Ties ties = EK_TRY(wire::decode_ties(event.data));
    wire::Compliance compliance;
    if (event.data["compliance"].is_object()) {
        compliance = EK_TRY(wire::decode_compliance(event.data["compliance"]));
    }
    const json::Value state = EK_TRY(wire::decode_state(event.data["state"]));
    const auto here = EK_TRY(edit.resource(host, told.ref));
    const std::uint64_t revision = EK_TRY(tell(edit, event.kind, host, told));
    if (!takes(known, here, told)) return {};
    EK_CHECK(audit(edit, host, told));
    const auto schema = EK_TRY(known.schemas->find(edit, host, told.ref.collection));
    Resource resource;
    resource.ref = told.ref;
    resource.description = known.vault->seal(host, told.ref, description, schema.get());
    resource.policy = policy;
    resource.ties = std::move(ties);
    resource.origin = told.origin;
    resource.generation = told.generation;
    resource.revision = revision;
    resource.state = state;
    resource.observed_at = event.time;
    resource.compliance = std::move(compliance);
    return edit.put_resource(host, resource);
}

Result<void> take_forgotten(state::Edit& edit, const Known& known, const std::string& host,
                            const wire::Event& event) {
    const Told told = EK_TRY(decode_told(event.data));
    const auto here = EK_TRY(edit.resource(host, told.ref));
    EK_CHECK(tell(edit, event.kind, host, told));
    // Detached: the host's administrator has taken over what was described here.
    const bool detached = told.reason == "detached" && here && here->generation == told.generation;
    if (!here || !(detached || takes(known, here, told))) return {};
    EK_CHECK(audit(edit, host, told));
    return edit.erase_resource(host, told.ref);
}

}  // namespace evenkeel::commands
