#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::client {
namespace {

constexpr std::size_t kAnswerBytesMost = 64 << 20;

std::optional<Reason> decode_reason(const json::Value& value) {
    if (!value.is_object()) return std::nullopt;
    return Reason{value.string_or("code"), value.string_or("detail")};
}

FieldDrift decode_field(const json::Value& value) {
    return {value.string_or("path"), json::write(value["expected"]), json::write(value["actual"])};
}

Compliance decode_compliance(const json::Value& value) {
    Compliance compliance;
    compliance.status = value.string_or("status");
    compliance.reason = value.string_or("reason");
    compliance.since = value.string_or("since");
    compliance.seen_by = value.string_or("seen_by");
    const json::Value& last = value["last"];
    compliance.last = last.is_string() ? last.as_string() : last.string_or("status");
    compliance.fields = decode_each(value, "fields", decode_field);
    return compliance;
}

}  // namespace

const json::Array& items_of(const json::Value& value, std::string_view name) {
    static const json::Array kNone;
    const json::Value& member = value[name];
    return member.is_array() ? member.as_array() : kNone;
}

std::vector<std::string> decode_texts(const json::Value& value) {
    std::vector<std::string> texts;
    if (!value.is_array()) return texts;
    for (const json::Value& text : value.as_array()) {
        if (text.is_string()) texts.push_back(text.as_string());
    }
    return texts;
}

CompileError decode_compile_error(const json::Value& value) {
    return {value.string_or("assignment"), value.string_or("pointer"), value.string_or("code"),
            value.string_or("detail")};
}

Result<json::Value> parse_answer(const std::string& text) {
    auto parsed = json::parse(text, {.bytes = kAnswerBytesMost});
    if (!parsed) {
        return Failure{.kind = Kind::bad_answer,
                       .detail = "the answer is not the API's: " + parsed.error().what};
    }
    if (!parsed->is_object()) {
        return Failure{.kind = Kind::bad_answer, .detail = "the answer is not a JSON object"};
    }
    return *std::move(parsed);
}

Counts decode_counts(const json::Value& value) {
    return {value.integer_or("compliant"), value.integer_or("drifted"), value.integer_or("unknown"),
            value.integer_or("failed")};
}

Owner decode_owner(const json::Value& value) {
    Owner owner;
    owner.assignment = value.string_or("assignment");
    owner.application = value.string_or("application");
    owner.version = value.integer_or("version");
    owner.on_leave = value.string_or("on_leave");
    return owner;
}

WantedState decode_wanted_state(const json::Value& value) {
    WantedState wanted;
    wanted.status = value.string_or("status");
    wanted.revision = value.integer_or("revision");
    wanted.errors = decode_each(value, "errors", decode_compile_error);
    return wanted;
}

Host decode_host(const json::Value& value) {
    Host host;
    host.id = value.string_or("id");
    host.name = value.string_or("name");
    host.enrolment = value.string_or("enrolment");
    host.environment = value.string_or("environment");
    host.connection = value.string_or("connection");
    host.last_seen = value.string_or("last_seen");
    host.version = value.string_or("version");
    if (const json::Value& labels = value["labels"]; labels.is_object()) {
        for (const auto& [name, label] : labels.as_object()) {
            host.labels[name] = label.is_string() ? label.as_string() : json::write(label);
        }
    }
    host.compliance = decode_counts(value["compliance"]);
    host.wanted = decode_wanted_state(value["wanted"]);
    host.json = json::write(value);
    return host;
}

Collection decode_collection(const json::Value& value) {
    Collection collection;
    collection.name = value.string_or("collection", value.string_or("name"));
    collection.plugin = value.string_or("plugin");
    if (const json::Value* schema = value.find("schema")) collection.schema = json::write(*schema);
    collection.json = json::write(value);
    return collection;
}

Resource decode_resource(const json::Value& value) {
    Resource resource;
    resource.host = value.string_or("host");
    resource.collection = value.string_or("collection");
    resource.id = value.string_or("id");
    resource.description = json::write(value["description"]);
    resource.policy = value.string_or("policy");
    resource.origin = value.string_or("origin");
    resource.owners = decode_each(value, "owners", decode_owner);
    resource.overrides = value.bool_or("overrides");
    resource.generation = json::write(value["generation"]);
    resource.state = json::write(value["state"]);
    resource.observed_at = value.string_or("observed_at");
    if (const json::Value& compliance = value["compliance"]; compliance.is_object()) {
        resource.compliance = decode_compliance(compliance);
    }
    resource.json = json::write(value);
    return resource;
}

CommandResource decode_command_resource(const json::Value& value) {
    CommandResource resource;
    resource.collection = value.string_or("collection");
    resource.id = value.string_or("id");
    resource.action = value.string_or("action");
    resource.outcome = value.string_or("outcome");
    resource.error = decode_reason(value["error"]);
    for (const json::Value& change : items_of(value, "changes")) {
        resource.changes.push_back({change.string_or("path"), json::write(change["before"]),
                                    json::write(change["after"]), change.string_or("action"),
                                    change.string_or("outcome"), change["after"].string_or("diff"),
                                    change.string_or("needs")});
    }
    resource.output = value["output"].string_or("text");
    resource.notes = decode_texts(value["notes"]);
    return resource;
}

Command decode_command(const json::Value& value) {
    Command command;
    command.id = value.string_or("id");
    command.host = value.string_or("host");
    command.verb = value.string_or("verb");
    command.state = value.string_or("state");
    command.created_at = value.string_or("created_at");
    command.finished_at = value.string_or("finished_at");
    command.request_id = value.string_or("request_id");
    command.error = decode_reason(value["error"]);
    command.resources = decode_each(value, "resources", decode_command_resource);
    command.json = json::write(value);
    return command;
}

FleetApplied decode_fleet_applied(const json::Value& value) {
    FleetApplied applied;
    applied.request_id = value.string_or("request_id");
    applied.hosts = value.integer_or("hosts");
    if (const json::Value& commands = value["commands"]; commands.is_object()) {
        for (const auto& [state, count] : commands.as_object()) {
            applied.commands[state] = commands.integer_or(state);
        }
    }
    applied.refused_count = value.integer_or("refused_count");
    for (const json::Value& refusal : items_of(value, "refused")) {
        applied.refused.push_back(
            {refusal.string_or("host"), {refusal.string_or("code"), refusal.string_or("detail")}});
    }
    applied.json = json::write(value);
    return applied;
}

EnrolmentToken decode_enrolment_token(const json::Value& value) {
    return {value.string_or("id"), value.string_or("secret"), value.string_or("install"),
            json::write(value)};
}

Event decode_event(const json::Value& value) {
    Event event;
    event.id = value.string_or("id");
    event.type = value.string_or("type");
    event.source = value.string_or("source");
    event.subject = value.string_or("subject");
    event.time = value.string_or("time");
    event.recorded_time = value.string_or("recordedtime");
    event.data = json::write(value["data"]);
    event.json = json::write(value);
    return event;
}

Failure decode_problem(int status, const std::string& body) {
    Failure failure{.kind = Kind::problem, .status = status};
    const auto parsed = parse_answer(body);
    if (!parsed || !parsed->find("code")) {
        // Something between us and the API answered: a proxy, another server.
        failure.kind = Kind::bad_answer;
        failure.detail = "HTTP status " + std::to_string(status) + " without a problem document";
        return failure;
    }
    failure.code = parsed->string_or("code");
    failure.detail = parsed->string_or("detail", parsed->string_or("title"));
    failure.request_id = parsed->string_or("request_id");
    for (const json::Value& error : items_of(*parsed, "errors")) {
        failure.errors.push_back(
            {error.string_or("pointer"), error.string_or("code"), error.string_or("detail")});
    }
    failure.json = body;
    return failure;
}

}  // namespace evenkeel::client
