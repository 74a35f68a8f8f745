#include "core/base/text.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::wire {
namespace {

constexpr std::int64_t kLongestTimeoutMs = 7LL * 86'400'000;

Result<json::Value> gate(std::string_view body, std::size_t most) {
    json::Value value = EK_TRY(json::parse(body, {.bytes = most}));
    if (!value["type"].is_string()) return fail(Errc::invalid, "a message without a type");
    return value;
}

Result<std::string> text(const json::Value& value, std::string_view name) {
    const json::Value& member = value[name];
    if (member.is_string()) return member.as_string();
    return fail(Errc::invalid, "member '" + std::string(name) + "' is not a string");
}

Result<std::int64_t> number(const json::Value& value, std::string_view name, std::int64_t low,
                            std::int64_t high) {
    const json::Value& member = value[name];
    if (member.is_integer() && member.as_integer() >= low && member.as_integer() <= high) {
        return member.as_integer();
    }
    return fail(Errc::invalid, "member '" + std::string(name) + "' is not a number from " +
                                   std::to_string(low) + " to " + std::to_string(high));
}

Result<std::uint64_t> count(const json::Value& value, std::string_view name) {
    return static_cast<std::uint64_t>(EK_TRY(number(value, name, 0, INT64_MAX)));
}

Result<StreamPosition> decode_mark(const json::Value& value) {
    StreamPosition mark;
    mark.stream = value.string_or("stream");
    mark.seq = EK_TRY(count(value, "seq"));
    return mark;
}

std::vector<std::string> texts_of(const json::Value& list) {
    std::vector<std::string> out;
    if (list.is_array()) {
        for (const json::Value& item : list.as_array()) {
            if (item.is_string()) out.push_back(item.as_string());
        }
    }
    return out;
}

Result<AgentHello> decode_agent_hello(const json::Value& value) {
    AgentHello hello;
    const json::Value& protocol = value["protocol"];
    hello.protocol_min = static_cast<int>(EK_TRY(number(protocol, "min", 0, 1'000'000)));
    hello.protocol_max = static_cast<int>(EK_TRY(number(protocol, "max", 0, 1'000'000)));
    hello.capabilities = texts_of(value["capabilities"]);
    hello.version = value.string_or("version");
    hello.stream = EK_TRY(text(value, "stream"));
    hello.boot_id = value.string_or("boot_id");
    hello.machine_id = value.string_or("machine_id");
    hello.instance = value.string_or("instance");
    hello.name = value.string_or("name");
    hello.facts = value["facts"];
    const json::Value& collections = value["collections"];
    if (!collections.is_array()) return fail(Errc::invalid, "member 'collections' is no array");
    for (const json::Value& item : collections.as_array()) {
        CollectionInfo info;
        info.name = EK_TRY(text(item, "name"));
        info.plugin = item.string_or("plugin");
        info.schema_sha256 = EK_TRY(text(item, "schema_sha256"));
        info.schema_version =
            static_cast<std::uint32_t>(EK_TRY(number(item, "schema_version", 1, 1'000'000)));
        if (item["actions"].is_array()) info.actions = texts_of(item["actions"]);
        hello.collections.push_back(std::move(info));
    }
    hello.commands = EK_TRY(decode_mark(value["commands"]));
    return hello;
}

Result<OrchestratorHello> decode_orchestrator_hello(const json::Value& value) {
    OrchestratorHello hello;
    hello.protocol = static_cast<int>(EK_TRY(number(value, "protocol", 0, 1'000'000)));
    hello.capabilities = texts_of(value["capabilities"]);
    hello.version = value.string_or("version");
    hello.stream = EK_TRY(text(value, "stream"));
    if (const json::Value& before = value["predecessor"]; before.is_object()) {
        hello.predecessor_stream = EK_TRY(text(before, "stream"));
        hello.predecessor_revision = EK_TRY(count(before, "revision"));
    }
    hello.host = EK_TRY(text(value, "host"));
    hello.heartbeat =
        std::chrono::milliseconds(EK_TRY(number(value, "heartbeat_ms", 100, 3'600'000)));
    hello.events = EK_TRY(decode_mark(value["events"]));
    return hello;
}

Result<Digest> decode_digest(const json::Value& value) {
    Digest digest;
    digest.stream = value.string_or("stream");
    digest.count = EK_TRY(count(value, "count"));
    digest.sha256 = EK_TRY(text(value, "sha256"));
    return digest;
}

Result<Event> decode_event(const json::Value& value) {
    Event event;
    event.stream = EK_TRY(text(value, "stream"));
    event.seq = EK_TRY(count(value, "seq"));
    event.kind = OpenName<EventKind>(EK_TRY(text(value, "kind")));
    event.time = EK_TRY(text(value, "time"));
    event.data = value["data"];
    if (!event.data.is_object()) return fail(Errc::invalid, "member 'data' is not an object");
    return event;
}

Result<Command> decode_command(const json::Value& value) {
    Command command;
    command.id = EK_TRY(text(value, "id"));
    command.stream = EK_TRY(text(value, "stream"));
    command.seq = EK_TRY(count(value, "seq"));
    command.verb = OpenName<Verb>(EK_TRY(text(value, "verb")));
    command.timeout =
        std::chrono::milliseconds(EK_TRY(number(value, "timeout_ms", 1, kLongestTimeoutMs)));
    const json::Value& resources = value["resources"];
    if (!resources.is_array()) return fail(Errc::invalid, "member 'resources' is no array");
    for (const json::Value& item : resources.as_array()) {
        command.resources.push_back(EK_TRY(decode_resource_request(item)));
    }
    return command;
}

Result<Request> decode_request(const json::Value& value) {
    Request request;
    request.verb = OpenName<RequestVerb>(EK_TRY(text(value, "verb")));
    request.timeout =
        std::chrono::milliseconds(EK_TRY(number(value, "timeout_ms", 1, kLongestTimeoutMs)));
    request.arguments = value["arguments"];
    return request;
}

Reply decode_reply(const json::Value& value) {
    Reply reply;
    if (value["error"].is_object()) reply.error = decode_error(value["error"]);
    reply.result = value["result"];
    return reply;
}

tl::unexpected<Error> unknown_type(const std::string& type) {
    return fail(Errc::unsupported, "a message of the unknown type '" + printable(type) + "'");
}

}  // namespace

Result<ToOrchestrator> decode_to_orchestrator(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kMessageBytesMost));
    const std::string& type = value["type"].as_string();
    if (type == "hello") return EK_TRY(decode_agent_hello(value));
    if (type == "heartbeat") return Heartbeat{};
    if (type == "digest") return EK_TRY(decode_digest(value));
    if (type == "event") return EK_TRY(decode_event(value));
    if (type == "reply") return decode_reply(value);
    return unknown_type(type);
}

Result<ToAgent> decode_to_agent(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kMessageBytesMost));
    const std::string& type = value["type"].as_string();
    if (type == "hello") return EK_TRY(decode_orchestrator_hello(value));
    if (type == "heartbeat") return Heartbeat{};
    if (type == "command") return EK_TRY(decode_command(value));
    if (type == "cancel") return Cancel{EK_TRY(text(value, "command"))};
    if (type == "request") return EK_TRY(decode_request(value));
    return unknown_type(type);
}

Result<EnrolRequest> decode_enrol_request(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kEnrolBytesMost));
    if (value["type"].as_string() != "enrol") return unknown_type(value["type"].as_string());
    EnrolRequest request;
    request.token = value.string_or("token");
    request.csr = EK_TRY(text(value, "csr"));
    request.name = EK_TRY(text(value, "name"));
    request.machine_id = value.string_or("machine_id");
    request.version = value.string_or("version");
    request.facts = value["facts"];
    return request;
}

Result<EnrolAnswer> decode_enrol_answer(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kEnrolBytesMost));
    EnrolAnswer answer;
    if (value["type"].as_string() == "refused") {
        answer.error = decode_error(value["error"]);
        return answer;
    }
    if (value["type"].as_string() != "enrolled") return unknown_type(value["type"].as_string());
    answer.host = EK_TRY(text(value, "host"));
    answer.certificate = EK_TRY(text(value, "certificate"));
    answer.ca = EK_TRY(text(value, "ca"));
    answer.bus_port = static_cast<std::uint16_t>(EK_TRY(number(value, "bus_port", 1, 65535)));
    return answer;
}

}  // namespace evenkeel::wire
