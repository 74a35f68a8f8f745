#include "core/wire/message.hpp"

namespace evenkeel::wire {
namespace {

json::Value encode_mark(const StreamPosition& mark) {
    return json::Object{{"stream", mark.stream}, {"seq", mark.seq}};
}

json::Value texts(const std::vector<std::string>& values) {
    json::Array out;
    for (const std::string& value : values) out.push_back(value);
    return out;
}

json::Value or_empty(const json::Value& value) {
    return value.is_object() ? value : json::Value(json::Object{});
}

}  // namespace

std::string encode(const AgentHello& message) {
    json::Array collections;
    for (const CollectionInfo& info : message.collections) {
        json::Object one{{"name", info.name},
                         {"plugin", info.plugin},
                         {"schema_sha256", info.schema_sha256},
                         {"schema_version", info.schema_version}};
        if (info.actions) one.set("actions", texts(*info.actions));
        collections.push_back(std::move(one));
    }
    return json::write(json::Object{
        {"type", "hello"},
        {"protocol", json::Object{{"min", message.protocol_min}, {"max", message.protocol_max}}},
        {"capabilities", texts(message.capabilities)},
        {"version", message.version},
        {"stream", message.stream},
        {"boot_id", message.boot_id},
        {"machine_id", message.machine_id},
        {"instance", message.instance},
        {"name", message.name},
        {"facts", or_empty(message.facts)},
        {"collections", std::move(collections)},
        {"commands", encode_mark(message.commands)}});
}

std::string encode(const OrchestratorHello& message) {
    json::Value predecessor;
    if (!message.predecessor_stream.empty()) {
        predecessor = json::Object{{"stream", message.predecessor_stream},
                                   {"revision", message.predecessor_revision}};
    }
    return json::write(json::Object{{"type", "hello"},
                                    {"protocol", message.protocol},
                                    {"capabilities", texts(message.capabilities)},
                                    {"version", message.version},
                                    {"stream", message.stream},
                                    {"predecessor", std::move(predecessor)},
                                    {"host", message.host},
                                    {"heartbeat_ms", message.heartbeat.count()},
                                    {"events", encode_mark(message.events)}});
}

std::string encode(const Heartbeat&) {
    return R"({"type":"heartbeat"})";
}

std::string encode(const Digest& message) {
    return json::write(json::Object{{"type", "digest"},
                                    {"stream", message.stream},
                                    {"count", message.count},
                                    {"sha256", message.sha256}});
}

std::string encode(const Event& message) {
    return json::write(json::Object{{"type", "event"},
                                    {"stream", message.stream},
                                    {"seq", message.seq},
                                    {"kind", message.kind.text()},
                                    {"time", message.time},
                                    {"data", or_empty(message.data)}});
}

std::string encode(const Event& message, std::string_view data) {
    std::string text = json::write(json::Object{{"type", "event"},
                                                {"stream", message.stream},
                                                {"seq", message.seq},
                                                {"kind", message.kind.text()},
                                                {"time", message.time}});
    text.pop_back();
    return text.append(",\"data\":").append(data).append("}");
}

std::string encode(const Command& message) {
    json::Array resources;
    for (const ResourceRequest& wanted : message.resources) resources.push_back(encode(wanted));
    return json::write(json::Object{{"type", "command"},
                                    {"id", message.id},
                                    {"stream", message.stream},
                                    {"seq", message.seq},
                                    {"verb", message.verb.text()},
                                    {"timeout_ms", message.timeout.count()},
                                    {"resources", std::move(resources)}});
}

std::string encode(const Cancel& message) {
    return json::write(json::Object{{"type", "cancel"}, {"command", message.command}});
}

std::string encode(const Request& message) {
    return json::write(json::Object{{"type", "request"},
                                    {"verb", message.verb.text()},
                                    {"timeout_ms", message.timeout.count()},
                                    {"arguments", or_empty(message.arguments)}});
}

std::string encode(const Reply& message) {
    json::Object out{{"type", "reply"}};
    if (message.error) out.set("error", encode(*message.error));
    else out.set("result", or_empty(message.result));
    return json::write(out);
}

std::string encode(const EnrolRequest& message) {
    return json::write(json::Object{{"type", "enrol"},
                                    {"token", message.token},
                                    {"csr", message.csr},
                                    {"name", message.name},
                                    {"machine_id", message.machine_id},
                                    {"version", message.version},
                                    {"facts", or_empty(message.facts)}});
}

std::string encode(const EnrolAnswer& message) {
    if (message.error) {
        return json::write(json::Object{{"type", "refused"}, {"error", encode(*message.error)}});
    }
    return json::write(json::Object{{"type", "enrolled"},
                                    {"host", message.host},
                                    {"certificate", message.certificate},
                                    {"ca", message.ca},
                                    {"bus_port", message.bus_port}});
}

}  // namespace evenkeel::wire
