#include "orchestrator/state/command.hpp"

#include <utility>

namespace evenkeel::state {
namespace {

json::Value error_or_null(const std::optional<Error>& error) {
    return error ? wire::encode(*error) : json::Value();
}

json::Value encode(const CommandEntry& entry) {
    json::Object object{
        {"collection", entry.ref.collection},           {"id", entry.ref.id},
        {"generation", wire::encode(entry.generation)}, {"body", entry.body},
        {"policy", wire::to_string(entry.policy)},      {"action", entry.action},
        {"changes", wire::encode(entry.changes)},       {"error", error_or_null(entry.error)}};
    wire::put_relations(object, entry.relations);
    if (entry.outcome) object.set("outcome", wire::to_string(*entry.outcome));
    if (!entry.notes.empty()) {
        object.set("notes", json::Array(entry.notes.begin(), entry.notes.end()));
    }
    return object;
}

Result<CommandEntry> decode_entry(const json::Value& value) {
    CommandEntry entry;
    entry.ref = {value.string_or("collection"), value.string_or("id")};
    if (!value["generation"].is_null()) {
        entry.generation = EK_TRY(wire::decode_generation(value["generation"]));
    }
    entry.body = static_cast<std::uint64_t>(value.integer_or("body"));
    entry.policy = EK_TRY(wire::policy_from(value.string_or("policy")));
    entry.relations = EK_TRY(wire::decode_relations(value));
    entry.action = value.string_or("action");
    if (value["outcome"].is_string()) {
        entry.outcome = EK_TRY(wire::outcome_from(value["outcome"].as_string()));
    }
    if (value["changes"].is_array()) {
        for (const json::Value& change : value["changes"].as_array()) {
            entry.changes.push_back(EK_TRY(wire::decode_change(change)));
        }
    }
    if (!value["error"].is_null()) entry.error = wire::decode_error(value["error"]);
    if (value["notes"].is_array()) {
        for (const json::Value& note : value["notes"].as_array()) {
            if (note.is_string()) entry.notes.push_back(note.as_string());
        }
    }
    return entry;
}

}  // namespace

bool finished(CommandState state) {
    return state > CommandState::running;
}

json::Value encode(const Command& command) {
    json::Array resources;
    for (const CommandEntry& entry : command.resources) resources.push_back(encode(entry));
    return json::Object{{"id", command.id},
                        {"host", command.host},
                        {"verb", to_string(command.verb)},
                        {"state", to_string(command.state)},
                        {"seq", command.seq},
                        {"created_at", command.created_at},
                        {"finished_at", command.finished_at},
                        {"request_id", command.request_id},
                        {"expires_at_ms", command.expires_at_ms},
                        {"timeout_ms", command.timeout_ms},
                        {"cancelling", command.cancelling},
                        {"error", error_or_null(command.error)},
                        {"resources", std::move(resources)}};
}

Result<Command> decode_command(const json::Value& value) {
    Command command;
    command.id = value.string_or("id");
    if (command.id.empty()) return fail(Errc::corrupt, "a command's record has no id");
    command.host = value.string_or("host");
    command.verb = EK_TRY(from_string<wire::Verb>(value.string_or("verb")));
    command.state = EK_TRY(from_string<CommandState>(value.string_or("state")));
    command.seq = static_cast<std::uint64_t>(value.integer_or("seq"));
    command.created_at = value.string_or("created_at");
    command.finished_at = value.string_or("finished_at");
    command.request_id = value.string_or("request_id");
    command.expires_at_ms = value.integer_or("expires_at_ms");
    command.timeout_ms = value.integer_or("timeout_ms");
    command.cancelling = value.bool_or("cancelling");
    if (!value["error"].is_null()) command.error = wire::decode_error(value["error"]);
    if (value["resources"].is_array()) {
        for (const json::Value& entry : value["resources"].as_array()) {
            command.resources.push_back(EK_TRY(decode_entry(entry)));
        }
    }
    return command;
}

}  // namespace evenkeel::state
