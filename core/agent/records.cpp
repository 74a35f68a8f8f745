#include "core/agent/records.hpp"

#include <utility>

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

std::string_view to_string(Inbox::State state) {
    switch (state) {
        case Inbox::State::accepted:
            return "accepted";
        case Inbox::State::running:
            return "running";
        case Inbox::State::finished:
            break;
    }
    return "finished";
}

Inbox::State inbox_state_of(std::string_view text) {
    if (text == "running") return Inbox::State::running;
    return text == "finished" ? Inbox::State::finished : Inbox::State::accepted;
}

}  // namespace

json::Value encode(const Head& head) {
    json::Object out{{"collection", head.ref.collection},
                     {"id", head.ref.id},
                     {"policy", wire::to_string(head.policy)},
                     {"origin", wire::to_string(head.origin)},
                     {"generation", wire::encode(head.generation)},
                     {"schema_version", head.schema_version},
                     {"absent", head.absent}};
    wire::put_ties(out, head.ties);
    return out;
}

Result<Head> decode_head(const json::Value& value) {
    Head head;
    head.ref = EK_TRY(decode_ref(value));
    head.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    head.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    head.generation = EK_TRY(wire::decode_generation(value["generation"]));
    head.schema_version = static_cast<std::uint32_t>(count_of(value, "schema_version"));
    head.absent = value.bool_or("absent");
    head.ties = EK_TRY(wire::decode_ties(value));
    return head;
}

json::Value encode(const Observation& observation) {
    return json::Object{{"collection", observation.ref.collection},
                        {"id", observation.ref.id},
                        {"compliance", wire::encode(observation.standing.compliance)},
                        {"open", observation.standing.open},
                        {"state", observation.state},
                        {"observed_at", observation.observed_at},
                        {"repairing", observation.repairing}};
}

Result<Observation> decode_observation(const json::Value& value) {
    Observation observation;
    observation.ref = EK_TRY(decode_ref(value));
    observation.standing.compliance = EK_TRY(wire::decode_compliance(value["compliance"]));
    observation.standing.open = value.bool_or("open");
    observation.state = value["state"];
    observation.standing.state_hash = state_hash(observation.state);
    observation.observed_at = value.string_or("observed_at");
    observation.repairing = value.bool_or("repairing");
    return observation;
}

json::Value encode(const Removal& removal) {
    return json::Object{{"collection", removal.ref.collection},
                        {"id", removal.ref.id},
                        {"generation", wire::encode(removal.generation)}};
}

Result<Removal> decode_removal(const json::Value& value) {
    return Removal{EK_TRY(decode_ref(value)), EK_TRY(wire::decode_generation(value["generation"]))};
}

json::Value encode(const Debt& debt) {
    return json::Object{{"collection", debt.source.collection},
                        {"id", debt.source.id},
                        {"notifies", wire::encode(debt.notices)}};
}

Result<Debt> decode_debt(const json::Value& value) {
    return Debt{EK_TRY(decode_ref(value)), EK_TRY(wire::decode_ties(value)).tells};
}

json::Value encode(const Inbox& inbox) {
    return json::Object{{"id", inbox.id},
                        {"origin", wire::to_string(inbox.origin)},
                        {"verb", inbox.verb},
                        {"order", inbox.order},
                        {"received_ms", inbox.received_ms},
                        {"timeout_ms", inbox.timeout.count()},
                        {"detach", inbox.detach},
                        {"state", to_string(inbox.state)},
                        {"outcome_seq", inbox.outcome_seq}};
}

Result<Inbox> decode_inbox(const json::Value& value) {
    Inbox inbox;
    inbox.id = value.string_or("id");
    if (inbox.id.empty()) return fail(Errc::corrupt, "a command without id");
    inbox.origin = EK_TRY(wire::origin_from(value.string_or("origin")));
    inbox.verb = value.string_or("verb");
    inbox.order = count_of(value, "order");
    inbox.received_ms = value.integer_or("received_ms");
    inbox.timeout = std::chrono::milliseconds(value.integer_or("timeout_ms"));
    inbox.detach = value.bool_or("detach");
    inbox.state = inbox_state_of(value.string_or("state"));
    inbox.outcome_seq = count_of(value, "outcome_seq");
    return inbox;
}

json::Value encode(const Row& row) {
    json::Array about;
    for (const wire::Ref& ref : row.about) about.push_back(json::Array{ref.collection, ref.id});
    json::Object out{{"kind", row.kind}, {"time", row.time}, {"about", std::move(about)}};
    if (!row.command.empty()) out.set("command", row.command);
    if (row.shed_from != 0) {
        out.set("shed_from", row.shed_from);
        out.set("shed_count", row.shed_count);
    }
    return out;
}

Result<Row> decode_row(const json::Value& value) {
    Row row;
    row.kind = value.string_or("kind");
    row.time = value.string_or("time");
    if (row.kind.empty() || !value["about"].is_array()) {
        return fail(Errc::corrupt, "an event without kind");
    }
    for (const json::Value& ref : value["about"].as_array()) {
        if (!ref.is_array() || ref.as_array().size() != 2 || !ref.as_array()[0].is_string() ||
            !ref.as_array()[1].is_string()) {
            return fail(Errc::corrupt, "an event about nothing");
        }
        row.about.push_back({ref.as_array()[0].as_string(), ref.as_array()[1].as_string()});
    }
    row.command = value.string_or("command");
    row.shed_from = count_of(value, "shed_from");
    row.shed_count = count_of(value, "shed_count");
    return row;
}

json::Value encode(const Hold& hold) {
    return json::Object{
        {"collection", hold.collection}, {"plugin", hold.plugin}, {"reason", hold.reason}};
}

Result<Hold> decode_hold(const json::Value& value) {
    Hold hold{value.string_or("collection"), value.string_or("plugin"), value.string_or("reason")};
    if (hold.collection.empty()) return fail(Errc::corrupt, "a hold without collection");
    return hold;
}

Result<bool> wants_absence(const json::Value& body) {
    const json::Value* ensure = body.find("ensure");
    if (!ensure) return false;
    if (ensure->is_string() && ensure->as_string() == "absent") return true;
    if (ensure->is_string() && ensure->as_string() == "present") return false;
    return fail(Errc::invalid, "'ensure' is neither \"present\" nor \"absent\"");
}

json::Value without_ensure(const json::Value& body) {
    json::Value out = body;
    if (out.is_object()) out.as_object().erase("ensure");
    return out;
}

}  // namespace evenkeel::agent
