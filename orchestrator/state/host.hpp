#pragma once

#include <cstdint>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "core/wire/capabilities.hpp"

// What the store knows about hosts, and its JSON.
namespace evenkeel::state {

using evenkeel::to_string;

// How far a machine has come in. A host is active or retired.
enum class EnrolmentState {
    pending,      // waits for the decision of an administrator
    active,       // it is a host
    rejected,     // an administrator has rejected it
    quarantined,  // appears to be a clone of a host; refused until an administrator decides
    retired,      // its host was retired
};
constexpr auto enum_names(EnrolmentState) {
    return names<EnrolmentState>("state", {{EnrolmentState::pending, "pending"},
                                           {EnrolmentState::active, "active"},
                                           {EnrolmentState::rejected, "rejected"},
                                           {EnrolmentState::quarantined, "held"},
                                           {EnrolmentState::retired, "retired"}});
}

// Of every host that is not in another one; it always exists.
inline constexpr std::string_view kDefaultEnvironment = "default";

// Of a host's link.
enum class Connection { never, online, offline };
constexpr auto enum_names(Connection) {
    return names<Connection>("connection", {{Connection::never, "never"},
                                            {Connection::online, "online"},
                                            {Connection::offline, "offline"}});
}

struct Host {
    std::string id;
    std::string name;
    EnrolmentState enrolment = EnrolmentState::active;
    std::string environment{kDefaultEnvironment};
    Connection connection = Connection::never;
    std::string created_at;  // RFC 3339
    std::string last_seen;   // RFC 3339; empty = never; not in the record
    std::string version;     // of the agent
    std::string machine_id;  // claimed at the last hello; empty before
    std::string boot_id;
    std::string stream;       // of the agent's store; empty before the first hello
    std::string fingerprint;  // of the certificate
    std::string key_sha256;   // of the key that enrolled
    std::string token;        // id of the token that it enrolled with
    // By SteadyClock; 0 = not retired, or by a program that freed the name at once.
    std::int64_t retired_at_ms = 0;
    json::Value labels = json::Object{};
    json::Value facts = json::Object{};

    bool retired() const { return enrolment == EnrolmentState::retired; }
};
json::Value encode(const Host& host);
Result<Host> decode_host(const json::Value& value);

// How many of a host's described resources have which verdict.
struct ComplianceCounts {
    std::int64_t compliant = 0;
    std::int64_t drifted = 0;
    std::int64_t unknown = 0;
    std::int64_t failed = 0;

    std::int64_t total() const { return compliant + drifted + unknown + failed; }
    ComplianceCounts& operator+=(const ComplianceCounts& other);
    friend bool operator==(const ComplianceCounts&, const ComplianceCounts&) = default;
};
json::Value encode(const ComplianceCounts& counts);
ComplianceCounts decode_counts(const json::Value& value);

// Whether a collection can have this name: at most 64 of [a-z0-9._-]. What comes from hosts and
// clients is asked this first.
bool is_collection_name(std::string_view name);

// A collection as a host reported it.
struct Collection {
    std::string name;
    std::string plugin;
    std::string schema_sha256;
    std::uint32_t schema_version = 1;
    json::Value actions = {};       // names; null when the host did not say
    json::Value capabilities = {};  // likewise; see wire::Capabilities

    friend bool operator==(const Collection&, const Collection&) = default;
};
json::Value encode(const Collection& collection);
wire::Capabilities capabilities_of(const Collection& collection);
Result<Collection> decode_collection(const json::Value& value);

// How far a host's events are taken over.
struct EventMark {
    std::string stream;  // of the agent's store
    std::uint64_t seq = 0;
    std::string epoch;  // the orchestrator's stream when the mark last moved
};
json::Value encode(const EventMark& mark);
Result<EventMark> decode_mark(const json::Value& value);

}  // namespace evenkeel::state
