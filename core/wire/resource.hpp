#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

// The words that agent and orchestrator share about resources, and their JSON. Shapes as in
// docs/bus-protocol.md; decoders ignore members that they do not know.
namespace evenkeel::wire {

// What the agent does with a description after it was given.
enum class Policy {
    report,   // apply now, afterwards only report drift
    enforce,  // apply, and repair drift
    audit,    // never write, only compare
    off,      // apply now, not watched
};
std::string_view to_string(Policy policy);
Result<Policy> policy_from(std::string_view name);

enum class Origin { orchestrator, local };
std::string_view to_string(Origin origin);
Result<Origin> origin_from(std::string_view name);

// Which edition of a description: the orchestrator's stream and the revision that last changed it.
// A local description has none (empty stream, revision 0; JSON null).
struct Generation {
    std::string stream;
    std::uint64_t revision = 0;
    bool empty() const { return stream.empty(); }
    friend bool operator==(const Generation&, const Generation&) = default;
};
json::Value encode(const Generation& generation);
Result<Generation> decode_generation(const json::Value& value);

// Names one resource on a host.
struct Ref {
    std::string collection;
    std::string id;
    friend bool operator==(const Ref&, const Ref&) = default;
    friend auto operator<=>(const Ref&, const Ref&) = default;
};

// An action on a resource, to be run when another one was changed.
struct Notification {
    Ref ref;
    std::string action;
    friend bool operator==(const Notification&, const Notification&) = default;
    friend auto operator<=>(const Notification&, const Notification&) = default;
};

// What ties a resource to others of its host. core/wire/order.hpp says what follows from it.
struct Relations {
    std::vector<Ref> required;  // "requires": what comes first, and without which this is skipped
    std::vector<Notification> notified;  // "notifies": what is run after this was changed
    bool empty() const { return required.empty() && notified.empty(); }
    friend bool operator==(const Relations&, const Relations&) = default;
};
// JSON arrays of {"collection","id"} and {"collection","id","action"}.
json::Value encode(const std::vector<Ref>& refs);
json::Value encode(const std::vector<Notification>& notices);
// Sets those of "requires" and "notifies" that hold something.
void put_relations(json::Object& into, const Relations& relations);
// From the members of `value`; what is not there is empty.
Result<Relations> decode_relations(const json::Value& value);
// "files /etc/motd", for messages.
std::string text_of(const Ref& ref);

enum class Action { set, add, remove, replace };
std::string_view to_string(Action action);

enum class Outcome { planned, done, failed, skipped };
std::string_view to_string(Outcome outcome);
Result<Outcome> outcome_from(std::string_view name);

// One field from before to after. `path` is an RFC 6901 pointer into the description; a side that
// is not there is null. Secrets stand as {"redacted": ...}.
struct Change {
    std::string path;
    json::Value before;
    json::Value after;
    Action action = Action::set;
    Outcome outcome = Outcome::planned;
};
json::Value encode(const Change& change);
Result<Change> decode_change(const json::Value& value);
json::Value encode(const std::vector<Change>& changes);
Result<std::vector<Change>> decode_changes(const json::Value& value);  // null and absent: none

// What a host says that a thing is like: an object, or null for one that is not there.
Result<json::Value> decode_state(const json::Value& value);

// {"code","detail"}: Errc's name and its text.
json::Value encode(const Error& error);
Error decode_error(const json::Value& value);

enum class Verdict { compliant, drifted, unknown, failed };
std::string_view to_string(Verdict verdict);
Result<Verdict> verdict_from(std::string_view name);

struct FieldDrift {
    std::string path;  // RFC 6901 pointer into the description; "/ensure" for existence
    json::Value expected;
    json::Value actual;
    friend bool operator==(const FieldDrift&, const FieldDrift&) = default;
};

struct Compliance {
    Verdict status = Verdict::unknown;
    // For unknown: pending, no_plugin, plugin_hung, watch_lost, not_checked, stale, off (and, made
    // by the orchestrator, host_offline). For failed: the error's text.
    std::string reason = "pending";
    std::vector<FieldDrift> fields;  // of drifted
    std::string since;               // RFC 3339: when the status last changed
    std::string seen_by;             // event, sweep, apply or check; empty while never checked
};
json::Value encode(const Compliance& compliance);  // without "last", which the orchestrator adds
Result<Compliance> decode_compliance(const json::Value& value);

// An entry of a command, a plan or a FILE.
struct ResourceRequest {
    Ref ref;
    json::Value description;  // object; null for remove, forget and invoke
    Policy policy = Policy::report;
    Relations relations;
    Generation generation;
    std::string action;     // invoke only
    json::Value arguments;  // invoke only; null when none
};
json::Value encode(const ResourceRequest& wanted);
Result<ResourceRequest> decode_resource_request(const json::Value& value);

// What became of one entry. `state` and `compliance` travel on the bus and are not part of the
// command as REST shows it.
struct ResourceResult {
    Ref ref;
    std::string action;  // of an invoke, or one that was notified; else empty
    Generation generation;
    Outcome outcome = Outcome::planned;
    std::vector<Change> changes;
    std::optional<Error> error;
    json::Value state;  // after the change; null when absent or not known
    std::optional<Compliance> compliance;
};
json::Value encode(const ResourceResult& done);
Result<ResourceResult> decode_resource_result(const json::Value& value);

}  // namespace evenkeel::wire
