#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/host.hpp"

// The objects of REST and of events as plain structs, apart from what is stored of the same things,
// so that the two can move apart. One table of fields for each, in rest_shapes.cpp, gives the JSON
// and its schema in the OpenAPI document. shapes.hpp fills them. No secret is in any. [any]
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
struct Compliance {
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
    std::optional<Compliance> compliance;
};

// An entry of /v1/compliance.
struct Verdict {
    std::string host;
    wire::Ref ref;
    wire::Policy policy{};
    wire::Origin origin{};
    wire::Generation generation;
    Compliance compliance;
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

// The data of resource.* events.
struct ResourceEvent {
    std::string host;
    wire::Ref ref;
    wire::Policy policy{};
    wire::Generation generation;
    Compliance compliance;
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

json::Value encode(const Host& host);
json::Value encode(const Command& command);
json::Value encode(const Compliance& compliance);
json::Value encode(const Resource& resource);
json::Value encode(const Verdict& verdict);
json::Value encode(const Enrolment& enrolment);
json::Value encode(const ResourceEvent& event);
json::Value encode(const DescriptionEvent& event);

// `invalid` names what is wrong by its RFC 6901 pointer.
Result<Host> decode_host(const json::Value& value);
Result<Command> decode_command(const json::Value& value);
Result<Compliance> decode_compliance(const json::Value& value);
Result<Resource> decode_resource(const json::Value& value);
Result<Verdict> decode_verdict(const json::Value& value);
Result<Enrolment> decode_enrolment(const json::Value& value);
Result<ResourceEvent> decode_resource_event(const json::Value& value);
Result<DescriptionEvent> decode_description_event(const json::Value& value);

// Their schemas, and those that they refer to, by their names in components/schemas.
json::Object schemas();

}  // namespace evenkeel::state::rest
