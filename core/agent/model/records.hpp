#pragma once

#include <chrono>
#include <string_view>

#include "core/agent/model/check_result.hpp"
#include "core/base/time.hpp"
#include "core/wire/words.hpp"

// The agent's records, as values: descriptions, observations, commands and events. Any thread may
// have a copy. store/codecs.hpp defines how they are stored. Bodies, commands and events may hold
// secrets.
namespace evenkeel::agent {

// A description without its fields: what is kept in memory.
struct Metadata {
    wire::Ref ref;
    wire::Policy policy = wire::Policy::report;
    wire::Origin origin = wire::Origin::orchestrator;
    wire::Generation generation;
    std::uint32_t schema_version = 0;  // 0: never seen by a plugin
    bool absent = false;               // "ensure": "absent"
    wire::Relations relations = {};
    bool sensitive = false;    // the body's "sensitive"
    bool left_secret = false;  // see shown_beside
};

struct Description {
    Metadata metadata;
    json::Value body;  // object, with "ensure" when it was given
    // Of the body as it is stored, with the command that brought it at first; 0: it is not yet.
    std::uint64_t body_number = 0;
};

// What was last seen of a resource.
struct Observation {
    wire::Ref ref;
    ResourceStatus status;
    json::Value state;
    std::string observed_at;  // RFC 3339
    bool repairing = false;   // a repair may be under way
};

// A description that was removed, kept to be reported after a restore.
struct Tombstone {
    wire::Ref ref;
    wire::Generation generation;
    bool left_secret = false;  // only the description was dropped; see shown_beside
};

// Actions that are due because `source` was changed, or may have been. Stored before the change and
// erased when nothing was changed; after a kill in between an action may be run once too often.
struct PendingNotifications {
    wire::Ref source;
    std::vector<wire::Notification> notices;
};

// A command or local apply that was taken over.
struct InboxCommand {
    enum class State { accepted, running, finished };
    std::string id;
    wire::Origin origin = wire::Origin::orchestrator;
    OpenName<wire::Verb> verb;
    std::uint64_t order = 0;  // of arrival
    Moment received;          // its timeout counts from here
    std::chrono::milliseconds timeout{0};
    bool detach = false;
    State state = State::accepted;
    std::uint64_t outcome_seq = 0;  // of the event that carries the outcome, when finished
    std::vector<wire::ResourceRequest> resources;  // empty when finished
    // Of their descriptions, by index: the numbers under which the bodies are stored; 0 where there
    // is none. AgentStore gives them.
    std::vector<std::uint64_t> body_numbers;
};

constexpr auto enum_names(InboxCommand::State) {
    using State = InboxCommand::State;
    return names<State>("state", {{State::accepted, "accepted"},
                                  {State::running, "running"},
                                  {State::finished, "finished"}});
}

// An event that waits for the orchestrator.
struct OutboxEvent {
    std::uint64_t seq = 0;
    OpenName<wire::EventKind> kind;
    std::string time;  // RFC 3339
    std::vector<wire::Ref> about;
    std::string command;          // of a command.outcome
    std::uint64_t shed_from = 0;  // agent.shed only
    std::uint64_t shed_count = 0;
    std::string data;  // JSON text of an object; empty when it was not read
    // What is stored beside the data, once it was written for its size; else empty.
    std::string head = {};
};

// A collection whose plugin is held, because the process ended in one of its calls.
struct HeldCollection {
    std::string collection;
    std::string plugin;    // "files 0.1.0": another version is given a new chance
    std::string reason;    // one sentence
    bool loading = false;  // not even its code may be loaded
};

// That what was changed takes effect with the next boot only.
struct RebootRequired {
    std::string boot;                  // the kernel's id of the boot in which it was changed
    std::string since;                 // RFC 3339
    std::vector<wire::Ref> resources;  // the first that ask for it

    static constexpr std::size_t kResourcesMost = 20;
};

// Whether "ensure" asks for absence; `invalid` for another word or type.
Result<bool> requests_absence(const json::Value& body);
// The description as plugins see it: without "ensure".
json::Value without_ensure(const json::Value& body);
// The body beside which states and changes are shown, and which plugins get. Until a description
// has replaced what an earlier, sensitive one left on the machine (left_secret), the content that
// is found there is that secret: so the body counts as sensitive too.
json::Value shown_beside(const Metadata& metadata, json::Value body);

}  // namespace evenkeel::agent
