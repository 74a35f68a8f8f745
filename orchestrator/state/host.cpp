#include "orchestrator/state/host.hpp"

namespace evenkeel::state {

json::Value encode(const Host& host) {
    json::Object record{{"id", host.id},
                        {"name", host.name},
                        {"enrolment", to_string(host.enrolment)},
                        {"environment", host.environment},
                        {"connection", to_string(host.connection)},
                        {"created_at", host.created_at},
                        {"version", host.version},
                        {"machine_id", host.machine_id},
                        {"boot_id", host.boot_id},
                        {"stream", host.stream},
                        {"fingerprint", host.fingerprint},
                        {"key_sha256", host.key_sha256},
                        {"token", host.token},
                        {"labels", host.labels},
                        {"facts", host.facts}};
    if (host.retired_at_ms != 0) record.set("retired_at_ms", host.retired_at_ms);
    return record;
}

Result<Host> decode_host(const json::Value& value) {
    Host host;
    host.id = value.string_or("id");
    if (host.id.empty()) return fail(Errc::corrupt, "a host's record has no id");
    host.name = value.string_or("name");
    host.enrolment = EK_TRY(from_string<EnrolmentState>(value.string_or("enrolment")));
    host.environment = value.string_or("environment", kDefaultEnvironment);
    host.connection =
        find_name<Connection>(value.string_or("connection")).value_or(Connection::never);
    host.created_at = value.string_or("created_at");
    host.version = value.string_or("version");
    host.machine_id = value.string_or("machine_id");
    host.boot_id = value.string_or("boot_id");
    host.stream = value.string_or("stream");
    host.fingerprint = value.string_or("fingerprint");
    host.key_sha256 = value.string_or("key_sha256");
    host.token = value.string_or("token");
    host.retired_at_ms = value.integer_or("retired_at_ms");
    if (value["labels"].is_object()) host.labels = value["labels"];
    if (value["facts"].is_object()) host.facts = value["facts"];
    return host;
}

ComplianceCounts& ComplianceCounts::operator+=(const ComplianceCounts& other) {
    compliant += other.compliant;
    drifted += other.drifted;
    unknown += other.unknown;
    failed += other.failed;
    return *this;
}

json::Value encode(const ComplianceCounts& counts) {
    return json::Object{{"compliant", counts.compliant},
                        {"drifted", counts.drifted},
                        {"unknown", counts.unknown},
                        {"failed", counts.failed}};
}

ComplianceCounts decode_counts(const json::Value& value) {
    return {.compliant = value.integer_or("compliant"),
            .drifted = value.integer_or("drifted"),
            .unknown = value.integer_or("unknown"),
            .failed = value.integer_or("failed")};
}

bool is_collection_name(std::string_view name) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of(kLetters) == std::string_view::npos;
}

json::Value encode(const Collection& collection) {
    return json::Object{{"name", collection.name},
                        {"plugin", collection.plugin},
                        {"schema_sha256", collection.schema_sha256},
                        {"schema_version", collection.schema_version},
                        {"actions", collection.actions},
                        {"capabilities", collection.capabilities}};
}

wire::Capabilities capabilities_of(const Collection& collection) {
    wire::Capabilities names;
    if (!collection.capabilities.is_array()) return names;
    for (const json::Value& name : collection.capabilities.as_array()) {
        if (name.is_string()) names.push_back(name.as_string());
    }
    return names;
}

Result<Collection> decode_collection(const json::Value& value) {
    Collection collection;
    collection.name = value.string_or("name");
    if (collection.name.empty()) return fail(Errc::corrupt, "a collection's record has no name");
    collection.plugin = value.string_or("plugin");
    collection.schema_sha256 = value.string_or("schema_sha256");
    collection.schema_version = static_cast<std::uint32_t>(value.integer_or("schema_version", 1));
    collection.actions = value["actions"];
    collection.capabilities = value["capabilities"];
    return collection;
}

json::Value encode(const EventMark& mark) {
    return json::Object{{"stream", mark.stream}, {"seq", mark.seq}, {"epoch", mark.epoch}};
}

Result<EventMark> decode_mark(const json::Value& value) {
    const std::int64_t seq = value.integer_or("seq", -1);
    if (seq < 0) return fail(Errc::corrupt, "an event mark has no number");
    return EventMark{.stream = value.string_or("stream"),
                     .seq = static_cast<std::uint64_t>(seq),
                     .epoch = value.string_or("epoch")};
}

}  // namespace evenkeel::state
