#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"

// The messages of the bus as plain structs, and their JSON. docs/bus-protocol.md says which side
// sends which, when, and what acceptance means. Values without state. [any]
namespace evenkeel::wire {

inline constexpr int kProtocolMin = 1;
inline constexpr int kProtocolMax = 1;
inline constexpr std::string_view kEventsAddress = "evenkeel.events";
inline constexpr std::string_view kRepliesAddress = "evenkeel.replies";
inline constexpr std::string_view kEnrolAddress = "evenkeel.enrol";
// The AMQP error condition with which the orchestrator ends the link of a second machine that has
// the certificate of a host.
inline constexpr const char* kQuarantinedCondition = "evenkeel:quarantined";
// The one with which it refuses, or ends, a link with the certificate of a retired identity.
inline constexpr const char* kRetiredCondition = "evenkeel:retired";
// The idle timeout of AMQP on both sides, in heartbeats: a peer sends an empty frame after a
// quarter of it (as Proton does), so with five none is needed between two heartbeats.
inline constexpr int kIdleHeartbeats = 5;
inline constexpr std::size_t kMessageBytesMost = 768 * 1024;
inline constexpr std::size_t kEnrolBytesMost = 64 * 1024;
inline constexpr std::size_t kDescriptionBytesMost = 512 * 1024;

// "evenkeel.agent.<host id>"
std::string agent_address(std::string_view host_id);

// How far a stream was taken over: every number up to and including `seq`.
struct StreamPosition {
    std::string stream;
    std::uint64_t seq = 0;
};

struct CollectionInfo {
    std::string name;
    std::string plugin;  // "files 0.1.0"
    std::string schema_sha256;
    std::uint32_t schema_version = 1;
    std::optional<std::vector<std::string>> actions = {};  // nothing when the agent does not say
    std::optional<std::vector<std::string>> capabilities = {};  // likewise; see capabilities.hpp
};

// The agent's first message.
struct AgentHello {
    int protocol_min = kProtocolMin;
    int protocol_max = kProtocolMax;
    std::vector<std::string> capabilities;
    std::string version;     // of the program
    std::string stream;      // of the agent's store
    std::string boot_id;     // of the kernel
    std::string machine_id;  // of the operating system, if it has one
    std::string instance;    // random for each start of the program; empty when it has none
    std::string name;        // the claimed host name
    json::Value facts;       // object
    std::vector<CollectionInfo> collections;
    StreamPosition commands;  // of the orchestrator's stream that it last worked with
    // The number of the oldest event that it still has, or of the next one. A host that did not
    // report under this stream before begins there.
    std::uint64_t first_event = 1;
};

// The orchestrator's first message, in answer to the agent's.
struct OrchestratorHello {
    int protocol = kProtocolMax;  // the one to speak
    std::vector<std::string> capabilities;
    std::string version;
    std::string stream;
    std::string predecessor_stream;          // empty unless restored from a backup
    std::uint64_t predecessor_revision = 0;  // the backup's
    std::string host;                        // the agent's host id
    std::chrono::milliseconds heartbeat{10'000};
    std::chrono::milliseconds backoff_base{0};  // of the pauses before dialling; 0: the agent's own
    StreamPosition events;                      // of the agent's stream
};

struct Heartbeat {};

// Over the descriptions of orchestrator origin that the agent has: see digest_of.
struct Digest {
    std::string stream;  // the orchestrator's, as the agent last heard it
    std::uint64_t count = 0;
    std::string sha256;
    std::string xor_sha256;  // InventoryDigest; empty: of an agent that does not send it
};

// A durable event (seq > 0), or a live one (seq 0) that is not stored.
struct Event {
    std::string stream;
    std::uint64_t seq = 0;
    OpenName<EventKind> kind;
    std::string time;  // RFC 3339
    json::Value data;  // object
};

struct Command {
    std::string id;
    std::string stream;  // the orchestrator's
    std::uint64_t seq = 0;
    OpenName<Verb> verb;
    std::chrono::milliseconds timeout{600'000};
    std::vector<ResourceRequest> resources;
};

struct Cancel {
    std::string command;
};

// Answered by a Reply to reply-to with the same correlation id; neither is stored.
struct Request {
    OpenName<RequestVerb> verb;
    std::chrono::milliseconds timeout{10'000};
    json::Value arguments;  // object
};

struct Reply {
    std::optional<Error> error;
    json::Value result;  // object
};

// On evenkeel.enrol, and its answers.
struct EnrolRequest {
    // Else it only asks which host its key is; nothing is made.
    bool enrols = true;
    std::string token;
    std::string csr;  // PEM
    std::string name;
    std::string machine_id;
    std::string version;
    json::Value facts;
};
struct EnrolAnswer {
    std::string host;         // empty when refused
    std::string certificate;  // PEM
    std::string ca;           // PEM, one or more
    std::uint16_t bus_port = 0;
    std::optional<Error> error;
};

using ToOrchestrator = std::variant<AgentHello, Heartbeat, Digest, Event, Reply>;
using ToAgent = std::variant<OrchestratorHello, Heartbeat, Command, Cancel, Request>;

// One compact JSON object with "type" first.
std::string encode(const AgentHello& message);
std::string encode(const OrchestratorHello& message);
std::string encode(const Heartbeat& message);
std::string encode(const Digest& message);
std::string encode(const Event& message);
// The same message with data that are JSON text already, which is taken over as it is; the data of
// `message` are not looked at.
std::string encode(const Event& message, std::string_view data);
std::string encode(const Command& message);
std::string encode(const Cancel& message);
std::string encode(const Request& message);
std::string encode(const Reply& message);
std::string encode(const EnrolRequest& message);
std::string encode(const EnrolAnswer& message);

// `invalid` names what is wrong by its RFC 6901 pointer; an unknown "type" is `unsupported`.
Result<ToOrchestrator> decode_to_orchestrator(std::string_view body);
Result<ToAgent> decode_to_agent(std::string_view body);
Result<EnrolRequest> decode_enrol_request(std::string_view body);
Result<EnrolAnswer> decode_enrol_answer(std::string_view body);

// A description that the agent has, as digests and inventories see it.
struct InventoryItem {
    Ref ref;
    Generation generation;
};
// sha256: hex, over the digest_line() of each, sorted by collection, then id, bytewise. xor_sha256:
// the InventoryDigest. Both sides compute them alike.
Digest digest_of(std::string stream, std::vector<InventoryItem> items);

// The highest common protocol version, or an error naming both ranges.
Result<int> choose_protocol(int min, int max);

}  // namespace evenkeel::wire
