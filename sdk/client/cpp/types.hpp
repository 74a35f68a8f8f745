#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The API's objects. Members called `json`, and those said to be JSON, hold JSON text as the API
// sent it: nothing is lost, members that this library does not know included. Times are RFC 3339 in
// UTC. A member that the API left out or sent as null is empty.
namespace evenkeel::client {

struct Counts {
    std::int64_t compliant = 0;
    std::int64_t drifted = 0;
    std::int64_t unknown = 0;
    std::int64_t failed = 0;
};

// Why a host does not compile.
struct CompileError {
    std::string assignment;
    std::string pointer;  // RFC 6901, into its application
    std::string code;
    std::string detail;
};

// Whether a host has what the model says of it.
struct WantedState {
    std::string status;         // compiled, pending, held, error; empty: the model says nothing
    std::int64_t revision = 0;  // of the model that it was compiled with
    std::vector<CompileError> errors;
};

struct Host {
    std::string id;           // "host_..."
    std::string name;         // unique, may be renamed
    std::string enrolment;    // pending, active, rejected, held, retired
    std::string environment;  // a path in their tree, "prod/eu"
    std::string connection;   // never, online, offline
    std::string last_seen;
    std::string version;  // of the agent
    std::map<std::string, std::string> labels;
    Counts compliance;
    WantedState wanted;
    std::string json;
};

// What a host can look after.
struct Collection {
    std::string name;
    std::string plugin;
    std::string schema;  // JSON; empty in lists that leave it out
    std::string json;
};

struct FieldDrift {
    std::string path;      // RFC 6901 pointer into the description
    std::string expected;  // JSON
    std::string actual;    // JSON
};

struct Compliance {
    std::string status;  // compliant, drifted, unknown, failed
    std::string reason;
    std::vector<FieldDrift> fields;
    std::string since;
    std::string seen_by;  // event, sweep, apply, check
    std::string last;     // the status before the host went offline
};

// An assignment by which a host has a resource.
struct Owner {
    std::string assignment;
    std::string application;
    std::int64_t version = 0;
    std::string on_leave;  // forget, remove
};

struct Resource {
    std::string host;
    std::string collection;
    std::string id;
    std::string description;    // JSON
    std::string policy;         // report, enforce, audit, off
    std::string origin;         // orchestrator, local
    std::vector<Owner> owners;  // none: described directly
    bool overrides = false;     // described directly all the same
    std::string generation;     // JSON
    std::string state;          // JSON, "null" while the thing is absent
    std::string observed_at;
    std::optional<Compliance> compliance;
    std::string etag;  // for PutOptions::if_match; only from resource()
    std::string json;
};

// A page-wise list as one: the rows of /v1/compliance and the counts over all of them.
struct ComplianceReport {
    std::vector<Resource> items;  // those members that the API lists
    Counts counts;
};

struct Change {
    std::string path;     // RFC 6901 pointer into the description
    std::string before;   // JSON
    std::string after;    // JSON
    std::string action;   // set, add, remove, replace
    std::string outcome;  // planned, done, failed, skipped
    std::string diff;     // unified, of text content; else empty
    std::string needs;    // restart, reboot; else empty
};

struct Reason {
    std::string code;
    std::string detail;
};

struct CommandResource {
    std::string collection;
    std::string id;
    std::string action;   // an action that was asked for or made due; empty for the resource itself
    std::string outcome;  // planned, done, failed, skipped
    std::vector<Change> changes;
    std::optional<Reason> error;
    std::vector<std::string> notes;  // what is possible, but worth knowing
    std::string output;              // what programs have printed
};

struct Command {
    std::string id;  // "cmd_..."; empty for a dry run
    std::string host;
    std::string verb;  // apply, remove, forget, invoke
    std::string state;
    std::string created_at;
    std::string finished_at;
    std::string request_id;
    std::optional<Reason> error;
    std::vector<CommandResource> resources;
    std::string json;

    // Whether the state will not change any more.
    bool finished() const;
    bool succeeded() const { return state == "succeeded"; }
};

// The hosts of one change: those that `filter` finds in the list of hosts, or else `hosts`, ids or
// names.
struct Target {
    std::string filter = {};
    std::vector<std::string> hosts = {};
};

struct Refusal {
    std::string host;  // "host_..."
    Reason reason;
};

// A change of many hosts.
struct FleetApplied {
    std::string request_id;  // of all its commands: the list of commands has it as a filter
    std::int64_t hosts = 0;
    std::map<std::string, std::int64_t> commands;  // how many are in each state
    std::int64_t refused_count = 0;
    std::vector<Refusal> refused;  // the first 100: these hosts are as they were
    std::string json;
};

struct EnrolmentToken {
    std::string id;
    std::string secret;   // shown this once
    std::string install;  // one shell line for the new host
    std::string json;
};

// What has become of one item of a list.
struct ListChange {
    std::string event;  // added, modified, deleted
    std::string json;   // the item; a deleted one as it was
};

// A CloudEvent.
struct Event {
    std::string id;  // "<stream>-<revision>"; empty for live-only ones
    std::string type;
    std::string source;
    std::string subject;
    std::string time;           // when it happened, by the clock of its host
    std::string recorded_time;  // when the orchestrator stored it; empty for live-only ones
    std::string data;           // JSON
    std::string json;
};

}  // namespace evenkeel::client
