#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/token.hpp"

// The objects that REST and events show (docs/rest.md) as plain structs, apart from what is stored
// of the same things, so that the two can move apart. rest_fields.hpp has the table of fields of
// each, which gives the JSON and the schema in the OpenAPI document; to_rest.hpp fills them from
// what is stored. No secret is in any but the ones that are shown once. [any]
namespace evenkeel::state::rest {

struct Host {
    std::string id;
    std::string name;
    EnrolmentState enrolment = EnrolmentState::active;
    Connection connection = Connection::never;
    std::string last_seen;  // empty = never
    std::string version;
    json::Value labels;
    json::Value facts;
    ComplianceCounts compliance;
};

// An entry of a command.
struct CommandResource {
    wire::Ref ref;
    wire::Generation generation;
    std::optional<wire::Outcome> outcome;
    std::vector<wire::Change> changes;
    std::optional<Error> error;
    std::string action;
};

struct Command {
    std::string id;  // empty for a dry run
    std::string host;
    wire::Verb verb{};
    CommandState state = CommandState::queued;
    std::string created_at;
    std::string finished_at;
    std::string request_id;
    std::optional<Error> error;
    std::vector<CommandResource> resources;
};

// A verdict as it holds now; `last` is the one before the host went offline.
struct ComplianceView {
    wire::Compliance now;
    std::optional<wire::Compliance> last;
};

// What is not described has neither policy nor origin, generation and compliance.
struct Resource {
    std::string host;
    wire::Ref ref;
    json::Value description;  // redacted
    std::optional<wire::Policy> policy;
    std::vector<wire::Ref> required;
    std::vector<wire::Notification> notified;
    std::optional<wire::Origin> origin;
    wire::Generation generation;
    json::Value state;
    std::string observed_at;
    std::optional<ComplianceView> compliance;
};

// An entry of /v1/compliance; "Verdict" in the OpenAPI document.
struct ComplianceEntry {
    std::string host;
    wire::Ref ref;
    wire::Policy policy{};
    wire::Origin origin{};
    wire::Generation generation;
    ComplianceView compliance;
};

struct Enrolment {
    std::string id;
    std::string host;
    EnrolmentState state = EnrolmentState::pending;
    std::string name;
    std::string fingerprint;
    std::string machine_id;
    std::string version;
    std::string address;
    json::Value facts;
    std::string announced_at;
};

// A collection that a host has; lists leave its schema out.
struct Collection {
    std::string host;
    std::string name;
    std::string plugin;
    std::uint32_t schema_version = 1;
    std::string schema_sha256;
    json::Value actions;  // names; null when the host did not say
    bool has_schema = false;
    json::Value schema;
};

// A token of the REST API.
struct Token {
    std::string id;
    std::string name;
    OpenName<Role> role;
    TokenState state = TokenState::active;
    std::string created_at;
    std::string created_by;
    std::string expires_at;  // empty = never
    std::string revoked_at;  // empty = not
};
struct TokenMade {
    Token token;
    std::string secret;
};

struct EnrolmentToken {
    std::string id;
    std::string name;
    std::int64_t uses = 1;
    std::int64_t uses_left = 1;
    std::string expires_at;
    std::string created_at;
    json::Value labels;
};
struct EnrolmentTokenMade {
    EnrolmentToken token;
    std::string secret;
    std::string install;  // the line that enrols a machine
};

// A record of the audit is stored as it is shown, because clients check its hash.
struct AuditRecord {
    std::string time;
    Actor actor;
    std::string address;
    std::string request_id;
    std::string method;
    std::string route;
    std::string object;
    AuditOutcome outcome = AuditOutcome::done;
    json::Value detail;
    std::uint64_t revision = 0;
    // Of its place in the chain; empty before it has one.
    std::uint64_t seq = 0;
    std::string previous;
    std::string hash;
    std::string damaged;  // instead of all others: the text of one that does not read any more
};

// Which item of a list is not in it any more.
struct Identity {
    std::string id;
};
struct CollectionIdentity {
    std::string host;
    std::string collection;
};
struct ResourceIdentity {
    std::string host;
    wire::Ref ref;
};

// Of a list that is watched.
struct Bookmark {
    std::uint64_t revision = 0;
    bool initial_end = false;
};

// The data of resource.* events.
struct ResourceEvent {
    std::string host;
    wire::Ref ref;
    wire::Policy policy{};
    wire::Generation generation;
    ComplianceView compliance;
    std::vector<wire::Change> changes;
};

// The data of description.* events.
struct DescriptionEvent {
    std::string host;
    wire::Ref ref;
    wire::Generation generation;
    wire::Origin origin{};
    std::string reason;  // of wire::DescriptionReason, or of a newer agent's
};
// The data of resource.notified.
struct NotifiedEvent {
    std::string host;
    wire::Ref ref;
    std::string action;
    std::vector<wire::Ref> sources;
    std::optional<Error> error;
};

// The data of command.progress.
struct ProgressEvent {
    std::string host;
    std::string command;
    wire::Ref ref;
    std::optional<std::int64_t> permille;
    std::string message;
};

// The data of agent.blind and agent.shed: from when to when, or from which number to which.
struct AgentEvent {
    std::string host;
    json::Value from;
    json::Value to;
    std::optional<std::int64_t> count;
    std::optional<std::string> reason;
};

}  // namespace evenkeel::state::rest
