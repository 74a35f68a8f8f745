#include "orchestrator/state/command.hpp"

#include <utility>

#include "orchestrator/state/record_text.hpp"

namespace evenkeel::state {
namespace {

void write_error(std::string_view name, const std::optional<Error>& error, json::Text& out) {
    if (error) out.member(name, wire::encode(*error));
    else out.member(name, nullptr);
}

void write(const CommandEntry& entry, json::Text& out) {
    out.open_object();
    out.member("collection", entry.ref.collection);
    out.member("id", entry.ref.id);
    write_generation(entry.generation, out);
    out.member("body", entry.body);
    out.member("policy", wire::to_string(entry.policy));
    out.member("action", entry.action);
    out.member("changes", wire::encode(entry.changes));
    write_error("error", entry.error, out);
    write_relations(entry.relations, out);
    if (entry.outcome) out.member("outcome", wire::to_string(*entry.outcome));
    if (!entry.notes.empty()) {
        out.member("notes", json::Value(json::Array(entry.notes.begin(), entry.notes.end())));
    }
    if (entry.output) out.member("output", wire::encode(*entry.output));
    out.close_object();
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
    if (value["output"].is_object()) entry.output = wire::decode_output(value["output"]);
    return entry;
}

}  // namespace

bool finished(CommandState state) {
    return state > CommandState::running;
}

json::Text encode(const Command& command) {
    json::Text out;
    out.open_object();
    out.member("id", command.id);
    out.member("host", command.host);
    out.member("verb", to_string(command.verb));
    out.member("state", to_string(command.state));
    out.member("seq", command.seq);
    out.member("created_at", command.created_at);
    out.member("finished_at", command.finished_at);
    out.member("request_id", command.request_id);
    out.member("expires_at_ms", command.expires_at_ms);
    out.member("timeout_ms", command.timeout_ms);
    out.member("cancelling", command.cancelling);
    write_error("error", command.error, out);
    out.name("resources");
    out.open_array();
    for (const CommandEntry& entry : command.resources) write(entry, out);
    out.close_array();
    out.close_object();
    return out;
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
