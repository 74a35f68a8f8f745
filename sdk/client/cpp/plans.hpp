#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "types.hpp"

// Plans: what edits of the model do to hosts, before they do it. docs/rest.md says what the members
// mean; JSON and times are as in types.hpp.
namespace evenkeel::client {

// One request that changes what is said of hosts: PUT, PATCH or DELETE of an environment, a
// setting, an application, an assignment or a host.
struct Edit {
    std::string method = {};
    std::string path = {};  // encoded, "/v1/settings/global/port"
    std::string body = {};  // JSON; empty for DELETE
};

struct EditOptions {
    bool allows_errors = false;    // hosts that would not compile any more keep what they have
    std::string if_match = {};     // an etag; empty: whatever is there
    bool create_only = false;      // fail with precondition-failed when it is there already
    std::chrono::seconds wait{0};  // up to 60: until the connected hosts that it touches are done
    std::string key = {};          // as Request::key
};

// What an edit has become.
struct Edited {
    std::string plan;  // "plan_...", which it was; empty when it touches no host
    std::string json;  // the object as it is now; empty when it is deleted
    std::string etag;
};

// What a plan does, counted over all its hosts.
struct PlanCounts {
    std::int64_t hosts = 0;
    std::int64_t added = 0;  // resources, here and below
    std::int64_t changed = 0;
    std::int64_t forgotten = 0;
    std::int64_t removed = 0;
    std::int64_t errors = 0;  // hosts that would not compile
};

struct PlannedField {
    std::string path;      // RFC 6901 pointer into the description; "/policy" and such beside it
    std::string before;    // JSON, secrets redacted
    std::string after;     // JSON
    std::string diff;      // unified, of text; else empty
    bool omitted = false;  // too large to be shown
};

// What machines say of a resource: their dry run.
struct PlanAnswer {
    // Of a group: those that say the same, and the first 20 of them by name. Else empty.
    std::int64_t count = 0;
    std::vector<std::string> hosts;
    CommandResource said;
};

// A host that was not asked, or has not answered.
struct UnaskedHost {
    std::string host;  // its name
    std::string code;  // host-offline, limit, timeout, ...
    std::string detail;
};

struct PlannedResource {
    std::string collection;
    std::string id;
    std::string change;  // add, change, forget, remove
    std::vector<std::string> paths;
    std::string sample_host;  // of a group: whose `fields` these are
    std::vector<PlannedField> fields;
    std::vector<PlanAnswer> live;  // what fails comes first; of a host at most one
};

// Hosts for which the same differs.
struct PlanGroup {
    std::int64_t count = 0;
    std::vector<std::string> hosts;  // the first 20 by name
    std::vector<PlannedResource> resources;
};

// An error, and the hosts that would have it.
struct PlanError : CompileError {
    std::int64_t count = 0;
    std::vector<std::string> hosts;  // the first 20 by name
};

struct PlanProgress {
    std::int64_t hosts = 0;
    std::int64_t waiting = 0;
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    std::int64_t unreachable = 0;
};

struct Plan {
    std::string id;     // empty of a dry run
    std::string state;  // open, approved, applied, stale, rejected, expired; empty of a dry run
    std::string author;
    std::string approved_by;
    std::string created_at;
    std::string expires_at;
    std::string hash;  // of what it does to each host
    bool requires_approval = false;
    PlanCounts summary;
    std::vector<PlanGroup> groups;  // the first 100; plan_groups() has more
    std::int64_t more_groups = 0;
    std::vector<PlanError> errors;
    // Of one for which hosts were asked for their dry run.
    std::int64_t asked = 0;
    std::int64_t answered = 0;
    std::vector<UnaskedHost> unasked;  // by name
    std::int64_t more_unasked = 0;
    std::optional<PlanProgress> progress;  // once it is applied
    std::string json;

    // Whether no connected host has anything to do for it any more.
    bool finished() const;
};

// What a plan does to one host.
struct PlannedHost {
    std::string host;  // "host_..."
    std::string name;
    std::vector<PlannedResource> resources;
    std::vector<CompileError> errors;
    std::string json;
};

}  // namespace evenkeel::client
