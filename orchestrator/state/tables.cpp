#include "orchestrator/state/tables.hpp"

#include "core/store/env.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::state {

std::vector<std::string> table_names() {
    return {"last_seen",
            "hosts",
            "names",
            "fingerprints",
            "enrolments",
            "tokens",
            "enrolment_tokens",
            "collections",
            "schemas",
            "resources",
            "tallies",
            "digests",
            "commands",
            "host_commands",
            "queue",
            "marks",
            "events",
            "counters",
            "audit",
            "audit_ends",
            "replies",
            "leases",
            "bodies",
            "holders",
            "accepted",
            "deadlines",
            "mirrored_names",
            "model",
            "application_versions",
            "environment_hosts",
            "to_compile",
            "wanted",
            "plans",
            "plan_parts",
            "pending_plans"};
}

std::vector<std::string> retired_table_names() {
    return {"keys"};
}

Tables tables_of(const store::Env& env) {
    return {.hosts = env.table("hosts"),
            .last_seen = env.table("last_seen"),
            .environment_hosts = env.table("environment_hosts"),
            .names = env.table("names"),
            .fingerprints = env.table("fingerprints"),
            .enrolments = env.table("enrolments"),
            .tokens = env.table("tokens"),
            .enrolment_tokens = env.table("enrolment_tokens"),
            .collections = env.table("collections"),
            .schemas = env.table("schemas"),
            .resources = env.table("resources"),
            .bodies = env.table("bodies"),
            .mirrored_names = env.table("mirrored_names"),
            .holders = env.table("holders"),
            .tallies = env.table("tallies"),
            .digests = env.table("digests"),
            .commands = env.table("commands"),
            .host_commands = env.table("host_commands"),
            .queue = env.table("queue"),
            .accepted = env.table("accepted"),
            .deadlines = env.table("deadlines"),
            .marks = env.table("marks"),
            .events = env.table("events"),
            .counters = env.table("counters"),
            .audit = env.table("audit"),
            .audit_ends = env.table("audit_ends"),
            .replies = env.table("replies"),
            .leases = env.table("leases"),
            .to_compile = env.table("to_compile"),
            .wanted = env.table("wanted"),
            .model = env.table("model"),
            .application_versions = env.table("application_versions"),
            .plans = env.table("plans"),
            .plan_parts = env.table("plan_parts"),
            .pending_plans = env.table("pending_plans")};
}

std::string host_prefix(std::string_view host) {
    std::string prefix(host);
    prefix.push_back('\0');
    return prefix;
}

std::string host_key(std::string_view host, std::string_view rest) {
    return host_prefix(host).append(rest);
}

std::string environment_key(std::string_view environment, std::string_view host) {
    return host_key(environment, host);
}

std::string resource_key(std::string_view host, const wire::Ref& ref) {
    return host_key(host, store::resource_key(ref.collection, ref.id));
}

std::string queue_key(std::string_view host, std::uint64_t seq) {
    return host_key(host, store::number_key(seq));
}

}  // namespace evenkeel::state
