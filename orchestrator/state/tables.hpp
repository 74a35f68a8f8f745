#pragma once

#include <cstdint>
#include <vector>

#include "core/store/txn.hpp"

// The tables of the orchestrator's store and how their keys are spelled; docs/store.md says what is
// in each. Internal to this folder: everybody else asks a repository.
namespace evenkeel::store {
class Env;
}

namespace evenkeel::wire {
struct Ref;
}

namespace evenkeel::state {

struct Tables {
    store::Table hosts;                 // host id -> Host
    store::Table last_seen;             // host id -> when its last message arrived, RFC 3339
    store::Table environment_hosts;     // environment, 0, host id -> "1", of active hosts
    store::Table names;                 // name -> host id, the last that had it
    store::Table fingerprints;          // certificate SHA-256 -> host id
    store::Table enrolments;            // SHA-256 of a public key, clone -> Enrolment
    store::Table tokens;                // id -> ApiToken
    store::Table enrolment_tokens;      // id -> EnrolmentToken
    store::Table collections;           // host id, 0, name -> Collection
    store::Table schemas;               // SHA-256 -> the schema's text
    store::Table resources;             // host id, 0, resource key -> Resource
    store::Table bodies;                // number -> Body
    store::Table mirrored_names;        // see MirroredNames
    store::Table holders;               // host id, 0, hash of a resource key, holder -> number
    store::Table tallies;               // host id -> ComplianceCounts
    store::Table digests;               // host id -> wire::InventoryDigest
    store::Table commands;              // id -> Command
    store::Table host_commands;         // host id, 0, command id -> ""
    store::Table queue;                 // host id, 0, seq -> command id, of queued commands
    store::Table accepted;              // host id, 0, seq -> the same of those that the agent has
    store::Table deadlines;             // milliseconds, command id -> "", of unfinished commands
    store::Table marks;                 // host id -> EventMark
    store::Table events;                // revision -> the event as it is shown
    store::Table counters;              // name -> number
    store::Table audit;                 // number -> AuditRecord
    store::Table audit_ends;            // "head", "anchor" -> ChainEnd
    store::Table replies;               // digest of an Idempotency-Key and its owner -> KeptReply
    store::Table leases;                // name -> Lease
    store::Table to_compile;            // host id -> HostToCompile
    store::Table wanted;                // host id -> Wanted
    store::Table model;                 // kind, 0, name -> ModelObject
    store::Table application_versions;  // name, 0, number -> ModelObject
    store::Table plans;                 // id -> Plan
    store::Table plan_parts;            // see Plans
    store::Table pending_plans;         // milliseconds, id -> "1", until they are applied
};

std::vector<std::string> table_names();
// Of older layouts, which migrations read.
std::vector<std::string> retired_table_names();
Tables tables_of(const store::Env& env);

// The prefix of all that belongs to one host.
std::string host_prefix(std::string_view host);
std::string host_key(std::string_view host, std::string_view rest);
std::string environment_key(std::string_view environment, std::string_view host);
std::string resource_key(std::string_view host, const wire::Ref& ref);
std::string queue_key(std::string_view host, std::uint64_t seq);

}  // namespace evenkeel::state
