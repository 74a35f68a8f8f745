#include "core/agent/store/codecs.hpp"

#include <utility>

#include "core/agent/model/records.hpp"
#include "core/json/json.hpp"

namespace evenkeel::agent {
namespace {

Result<wire::Ref> decode_ref(const json::Value& value) {
    wire::Ref ref{value.string_or("collection"), value.string_or("id")};
    if (ref.collection.empty() || ref.id.empty()) {
        return fail(Errc::corrupt, "a record without collection or id");
    }
    return ref;
}

std::uint64_t count_of(const json::Value& value, std::string_view name) {
    const std::int64_t number = value.integer_or(name);
    return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

}  // namespace

json::Value encode(const Metadata& metadata) {
    json::Object out{{"collection", metadata.ref.collection},
                     {"id", metadata.ref.id},
                     {"policy", wire::to_string(metadata.policy)},
                     {"origin", wire::to_string(metadata.origin)},
                     {"generation", wire::encode(metadata.generation)},
                     {"schema_version", metadata.schema_version},
                     {"absent", metadata.absent},
                     {"sensitive", metadata.sensitive}};
    if (metadata.left_secret) out.append("left_secret", true);
    wire::put_relations(out, metadata.relations);
    return out;
}

Result<Metadata> decode_metadata(const json::Value& value) {
    Metadata metadata;
    metadata.ref = EK_TRY(decode_ref(value));
    metadata.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    metadata.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    metadata.generation = EK_TRY(wire::decode_generation(value["generation"]));
    metadata.schema_version = static_cast<std::uint32_t>(count_of(value, "schema_version"));
    metadata.absent = value.bool_or("absent");
    // Programs before this word did not say: then it may be.
    metadata.sensitive = value.bool_or("sensitive", true);
    metadata.left_secret = value.bool_or("left_secret");
    metadata.relations = EK_TRY(wire::decode_relations(value));
    return metadata;
}

json::Value encode(const Observation& observation) {
    json::Object out{{"collection", observation.ref.collection},
                     {"id", observation.ref.id},
                     {"compliance", wire::encode(observation.status.compliance)},
                     {"open", observation.status.open},
                     {"state", observation.state},
                     {"observed_at", observation.observed_at},
                     {"repairing", observation.repairing}};
    if (!observation.status.failure.empty()) out.append("failure", observation.status.failure);
    return out;
}

Result<Observation> decode_observation(const json::Value& value) {
    Observation observation;
    observation.ref = EK_TRY(decode_ref(value));
    observation.status.compliance = EK_TRY(wire::decode_compliance(value["compliance"]));
    observation.status.open = value.bool_or("open");
    // Programs before this word had the cause in the verdict alone.
    const wire::Compliance& compliance = observation.status.compliance;
    observation.status.failure = value.string_or(
        "failure", compliance.status == wire::Verdict::failed ? compliance.reason : "");
    observation.state = value["state"];
    observation.status.state_hash = state_hash(observation.state);
    observation.observed_at = value.string_or("observed_at");
    observation.repairing = value.bool_or("repairing");
    return observation;
}

json::Value encode(const Tombstone& tombstone) {
    json::Object out{{"collection", tombstone.ref.collection},
                     {"id", tombstone.ref.id},
                     {"generation", wire::encode(tombstone.generation)}};
    if (tombstone.left_secret) out.append("left_secret", true);
    return out;
}

Result<Tombstone> decode_tombstone(const json::Value& value) {
    return Tombstone{EK_TRY(decode_ref(value)),
                     EK_TRY(wire::decode_generation(value["generation"])),
                     value.bool_or("left_secret")};
}

json::Value encode(const PendingNotifications& pending) {
    return json::Object{{"collection", pending.source.collection},
                        {"id", pending.source.id},
                        {"notifies", wire::encode(pending.notices)}};
}

Result<PendingNotifications> decode_pending_notifications(const json::Value& value) {
    return PendingNotifications{EK_TRY(decode_ref(value)),
                                EK_TRY(wire::decode_relations(value)).notified};
}

json::Value encode(const InboxCommand& inbox) {
    return json::Object{{"id", inbox.id},
                        {"origin", wire::to_string(inbox.origin)},
                        {"verb", inbox.verb.text()},
                        {"order", inbox.order},
                        {"received_ms", inbox.received.wall_ms},
                        {"received_monotonic_ms", inbox.received.monotonic_ms},
                        {"received_boot", inbox.received.boot},
                        {"timeout_ms", inbox.timeout.count()},
                        {"detach", inbox.detach},
                        {"state", to_string(inbox.state)},
                        {"outcome_seq", inbox.outcome_seq}};
}

Result<InboxCommand> decode_inbox(const json::Value& value) {
    InboxCommand inbox;
    inbox.id = value.string_or("id");
    if (inbox.id.empty()) return fail(Errc::corrupt, "a command without id");
    inbox.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    inbox.verb = OpenName<wire::Verb>(value.string_or("verb"));
    inbox.order = count_of(value, "order");
    // Programs before the other two words had the wall clock alone.
    inbox.received = {value.string_or("received_boot"), value.integer_or("received_monotonic_ms"),
                      value.integer_or("received_ms")};
    inbox.timeout = std::chrono::milliseconds(value.integer_or("timeout_ms"));
    inbox.detach = value.bool_or("detach");
    inbox.state = find_name<InboxCommand::State>(value.string_or("state"))
                      .value_or(InboxCommand::State::accepted);
    inbox.outcome_seq = count_of(value, "outcome_seq");
    return inbox;
}

json::Value encode(const OutboxEvent& event) {
    json::Array about;
    for (const wire::Ref& ref : event.about) about.push_back(json::Array{ref.collection, ref.id});
    json::Object out{{"about", std::move(about)}};
    if (!event.command.empty()) out.set("command", event.command);
    if (event.shed_from != 0) {
        out.set("shed_from", event.shed_from);
        out.set("shed_count", event.shed_count);
    }
    return out;
}

Result<OutboxEvent> decode_outbox_event(const json::Value& value) {
    OutboxEvent event;
    if (!value["about"].is_array()) return fail(Errc::corrupt, "an event about nothing");
    for (const json::Value& ref : value["about"].as_array()) {
        if (!ref.is_array() || ref.as_array().size() != 2 || !ref.as_array()[0].is_string() ||
            !ref.as_array()[1].is_string()) {
            return fail(Errc::corrupt, "an event about nothing");
        }
        event.about.push_back({ref.as_array()[0].as_string(), ref.as_array()[1].as_string()});
    }
    event.command = value.string_or("command");
    event.shed_from = count_of(value, "shed_from");
    event.shed_count = count_of(value, "shed_count");
    return event;
}

json::Value encode_resource(const wire::ResourceRequest& request) {
    json::Object out{{"collection", request.ref.collection},
                     {"id", request.ref.id},
                     {"policy", wire::to_string(request.policy)},
                     {"generation", wire::encode(request.generation)}};
    wire::put_relations(out, request.relations);
    if (!request.action.empty()) {
        out.set("action", request.action);
        out.set("arguments", request.arguments);
    }
    return out;
}

Result<wire::ResourceRequest> decode_resource(const json::Value& value) {
    wire::ResourceRequest request;
    request.ref = EK_TRY(decode_ref(value));
    if (value.find("policy")) {
        request.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    }
    request.generation = EK_TRY(wire::decode_generation(value["generation"]));
    request.relations = EK_TRY(wire::decode_relations(value));
    request.action = value.string_or("action");
    request.arguments = value["arguments"];
    return request;
}

json::Value encode(const HeldCollection& held) {
    json::Object out{
        {"collection", held.collection}, {"plugin", held.plugin}, {"reason", held.reason}};
    if (held.loading) out.set("loading", true);
    return out;
}

Result<HeldCollection> decode_held(const json::Value& value) {
    HeldCollection held{value.string_or("collection"), value.string_or("plugin"),
                        value.string_or("reason"), value.bool_or("loading")};
    if (held.collection.empty()) return fail(Errc::corrupt, "a held plugin without a collection");
    return held;
}

json::Value encode(const RebootRequired& required) {
    return json::Object{{"boot", required.boot},
                        {"since", required.since},
                        {"resources", wire::encode(required.resources)}};
}

Result<RebootRequired> decode_reboot_required(const json::Value& value) {
    RebootRequired required{value.string_or("boot"), value.string_or("since"), {}};
    json::Object resources{{"requires", value["resources"]}};
    auto relations = wire::decode_relations(std::move(resources));
    if (!relations) return fail(Errc::corrupt, "what asks for a reboot: " + relations.error().what);
    required.resources = std::move(relations->required);
    return required;
}

}  // namespace evenkeel::agent
