#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.hpp"
#include "core/base/result.hpp"
#include "core/json/json.hpp"

// What agent and orchestrator tell each other about resources, as plain structs, and its JSON. The
// tables of fields are in fields.hpp; docs/bus-protocol.md says what the members mean. Decoders
// ignore members that they do not know; their error is `invalid` and names what is wrong by its
// RFC 6901 pointer. Values without state. [any]
namespace evenkeel::wire {

using evenkeel::to_string;

// What the agent does with a description after it was given.
enum class Policy {
    report,   // apply now, afterwards only report drift
    enforce,  // apply, and repair drift
    audit,    // never write, only compare
    off,      // apply now, not watched
};
constexpr auto enum_names(Policy) {
    return names<Policy>("policy", {{Policy::report, "report"},
                                    {Policy::enforce, "enforce"},
                                    {Policy::audit, "audit"},
                                    {Policy::off, "off"}});
}
inline Result<Policy> policy_from(std::string_view name) {
    return from_string<Policy>(name);
}

// Who has described a resource.
enum class Origin { orchestrator, local };
constexpr auto enum_names(Origin) {
    return names<Origin>("origin",
                         {{Origin::orchestrator, "orchestrator"}, {Origin::local, "local"}});
}
inline Result<Origin> origin_from(std::string_view name) {
    return from_string<Origin>(name);
}

// The version of a description: the orchestrator's stream and the revision that last changed it.
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

// How a resource relates to others of its host; relations.hpp says what follows from it.
struct Relations {
    std::vector<Ref> required;  // "requires": what comes first, and without which this is skipped
    std::vector<Notification> notified;  // "notifies": what is run after this was changed
    bool empty() const { return required.empty() && notified.empty(); }
    friend bool operator==(const Relations&, const Relations&) = default;
};
// JSON arrays of {"collection","id"} and {"collection","id","action"}.
json::Value encode(const std::vector<Ref>& refs);
json::Value encode(const std::vector<Notification>& notifications);
// Sets "requires" and "notifies" where they are not empty.
void put_relations(json::Object& into, const Relations& relations);
// From the members of `value`; what is not there is empty.
Result<Relations> decode_relations(const json::Value& value);
// "files /etc/motd", for messages.
std::string text_of(const Ref& ref);

enum class Action { set, add, remove, replace };
constexpr auto enum_names(Action) {
    return names<Action>("action", {{Action::set, "set"},
                                    {Action::add, "add"},
                                    {Action::remove, "remove"},
                                    {Action::replace, "replace"}});
}

enum class Outcome { planned, done, failed, skipped };
constexpr auto enum_names(Outcome) {
    return names<Outcome>("outcome", {{Outcome::planned, "planned"},
                                      {Outcome::done, "done"},
                                      {Outcome::failed, "failed"},
                                      {Outcome::skipped, "skipped"}});
}
inline Result<Outcome> outcome_from(std::string_view name) {
    return from_string<Outcome>(name);
}

// What has to be started anew before a change takes effect.
enum class Needs { nothing, restart, reboot };
constexpr auto enum_names(Needs) {
    return names<Needs>(
        "needs",
        {{Needs::nothing, "nothing"}, {Needs::restart, "restart"}, {Needs::reboot, "reboot"}});
}

// One field from before to after. `path` is an RFC 6901 pointer into the description; a side that
// is not there is null. Secrets stand as {"redacted": ...}.
struct Change {
    std::string path;
    json::Value before;
    json::Value after;
    Action action = Action::set;
    Outcome outcome = Outcome::planned;
    Needs needs = Needs::nothing;  // restart: what uses the resource; reboot: the machine
};
// Whether one that was made takes effect with the next boot only.
bool needs_reboot(const std::vector<Change>& changes);
json::Value encode(const Change& change);
Result<Change> decode_change(const json::Value& value);
json::Value encode(const std::vector<Change>& changes);
Result<std::vector<Change>> decode_changes(const json::Value& value);  // null and absent: none

// A resource's state as a host reports it: an object, or null for one that is absent.
Result<json::Value> decode_state(const json::Value& value);

// {"code","detail"}: Errc's name and its text.
json::Value encode(const Error& error);
Error decode_error(const json::Value& value);

enum class Verdict { compliant, drifted, unknown, failed };
constexpr auto enum_names(Verdict) {
    return names<Verdict>("status", {{Verdict::compliant, "compliant"},
                                     {Verdict::drifted, "drifted"},
                                     {Verdict::unknown, "unknown"},
                                     {Verdict::failed, "failed"}});
}

// Why nobody can tell whether a resource is as described.
enum class UnknownReason {
    pending,       // a command is under way
    no_plugin,     // nothing on the host knows the collection
    plugin_hung,   // a call did not come back
    watch_lost,    // what happened meanwhile was not seen
    not_checked,   // it could not be read or compared
    stale,         // what the plugin knows is too old
    off,           // by its policy it is not watched
    host_offline,  // made by the orchestrator: the host does not answer
};
constexpr auto enum_names(UnknownReason) {
    return names<UnknownReason>("reason", {{UnknownReason::pending, "pending"},
                                           {UnknownReason::no_plugin, "no_plugin"},
                                           {UnknownReason::plugin_hung, "plugin_hung"},
                                           {UnknownReason::watch_lost, "watch_lost"},
                                           {UnknownReason::not_checked, "not_checked"},
                                           {UnknownReason::stale, "stale"},
                                           {UnknownReason::off, "off"},
                                           {UnknownReason::host_offline, "host_offline"}});
}

// What made the agent check a resource, when its status changed.
enum class SeenBy { event, sweep, apply, check };
constexpr auto enum_names(SeenBy) {
    return names<SeenBy>("seen_by", {{SeenBy::event, "event"},
                                     {SeenBy::sweep, "sweep"},
                                     {SeenBy::apply, "apply"},
                                     {SeenBy::check, "check"}});
}

struct FieldDrift {
    std::string path;  // RFC 6901 pointer into the description; "/ensure" for existence
    json::Value expected;
    json::Value actual;
    friend bool operator==(const FieldDrift&, const FieldDrift&) = default;
};

struct Compliance {
    Verdict status = Verdict::unknown;
    // For unknown: the name of an UnknownReason. For failed: the error's text.
    std::string reason = std::string(to_string(UnknownReason::pending));
    std::vector<FieldDrift> fields;  // of drifted
    std::string since;               // RFC 3339: when the status last changed
    std::string seen_by;             // the name of a SeenBy; empty while never checked

    bool is(UnknownReason why) const { return reason == to_string(why); }
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
json::Value encode(const ResourceRequest& request);
Result<ResourceRequest> decode_resource_request(const json::Value& value);

// What programs have printed while a resource was changed.
struct Output {
    std::string text;         // UTF-8, without secrets; of a long one the beginning and the end
    std::uint64_t bytes = 0;  // printed in all
    bool cut = false;         // some of it is left out
};
inline constexpr std::size_t kOutputBytesMost = 128 * 1024;
// The same with at most that much text.
Output bounded(Output output);
json::Value encode(const Output& output);
Output decode_output(const json::Value& value);  // of what does not fit, nothing

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
    // What is worth knowing of a change that is possible all the same; without secrets.
    std::vector<std::string> notes;
    std::optional<Output> output = std::nullopt;  // nothing was printed
};
inline constexpr std::size_t kNotesMost = 10;
inline constexpr std::size_t kNoteBytesMost = 1000;
// The first kNotesMost, and of each, which is UTF-8, the first kNoteBytesMost bytes.
std::vector<std::string> bounded_notes(std::vector<std::string> notes);
json::Value encode(const ResourceResult& result);
Result<ResourceResult> decode_resource_result(const json::Value& value);

}  // namespace evenkeel::wire
