#pragma once

#include "core/crypto/record_chain.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/owner.hpp"
#include "orchestrator/state/token.hpp"
#include "orchestrator/state/wanted.hpp"

// The objects that REST and events show (docs/rest.md), where they are more than one of the structs
// of this folder. rest_fields.hpp has the table of fields of each, which gives the JSON and the
// schema in the OpenAPI document; what is stored has codecs of its own, so that the two can move
// apart. to_rest.hpp fills them. No secret is in any but the ones that are shown once. [any]
namespace evenkeel::state::rest {

struct Host {
    state::Host host;
    ComplianceCounts compliance;
    std::optional<Wanted> wanted;  // null: the model never said anything of it
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
    std::vector<Owner> owners;
    bool overrides = false;
    wire::Generation generation;
    json::Value state;
    std::string observed_at;
    std::optional<ComplianceView> compliance;
};

// What a resource was described as, or is; "FormerDescription" in the OpenAPI document.
struct FormerDescription {
    wire::Generation generation;
    bool is_current = false;
    bool has_succeeded = false;
    std::string written_at;
    json::Value description;  // redacted
    wire::Policy policy{};
    std::vector<wire::Ref> required;
    std::vector<wire::Notification> notified;
    wire::Origin origin{};
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
    state::Enrolment enrolment;
};

struct Collection {
    std::string host;
    state::Collection reported;
    std::optional<json::Value> schema;  // null while it has not come; lists leave it out
};

// A token of the REST API.
struct Token : ApiToken {
    TokenState state = TokenState::active;
};
struct TokenMade {
    Token token;
    std::string secret;
};
struct EnrolmentTokenMade {
    EnrolmentToken token;
    std::string secret;
    std::string install;  // the line that enrols a machine
    bool requires_approval = false;
};

// A record of the audit is stored as it is shown, because clients check its hash.
struct AuditRecord {
    std::string time;
    AuditContext context;
    std::uint64_t revision = 0;
    // Of its place in the chain, before which there is none.
    std::uint64_t seq = 0;
    std::string previous;
    std::string hash;
    std::string damaged;  // instead of all others: the text of one that does not read any more
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

// The data of environment.changed, setting.changed, application.changed and assignment.changed.
struct ModelEvent {
    std::string name;  // of a setting scope and key, "global port"
    bool deleted = false;
};

// The data of host.compiled.
struct CompiledEvent {
    std::string host;
    Wanted wanted;
};

// The data of agent.blind and agent.shed: from when to when, or from which number to which.
struct AgentEvent {
    std::string host;
    json::Value from;
    json::Value to;
    std::optional<std::int64_t> count;
    std::optional<std::string> reason;
};

// The data of orchestrator.restored, the first event of a restored store: its stream, and which
// moment of which stream the backup has. The audit record of a restore has the same.
struct BackupOrigin {
    std::string stream;
    std::uint64_t revision = 0;
    crypto::ChainEnd head;            // of the audit
    std::optional<std::string> made;  // RFC 3339; null where the backup does not say it
};
struct RestoredEvent {
    std::string stream;
    BackupOrigin backup;
};

}  // namespace evenkeel::state::rest
