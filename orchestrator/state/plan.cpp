#include "orchestrator/state/plan.hpp"

namespace evenkeel::state {

json::Value encode(const Plan& plan) {
    return json::Object{{"id", plan.id},
                        {"state", to_string(plan.state)},
                        {"author", plan.author},
                        {"created_at", plan.created_at},
                        {"expires_at", plan.expires_at},
                        {"expires_at_ms", plan.expires_at_ms},
                        {"hash", plan.hash},
                        {"summary", plan.summary},
                        {"requires_approval", plan.requires_approval},
                        {"approved_by", plan.approved_by},
                        {"ended_at", plan.ended_at},
                        {"applied_revision", plan.applied_revision},
                        {"revision", plan.revision}};
}

Result<Plan> decode_plan(const json::Value& value) {
    const auto state = find_name<PlanState>(value.string_or("state"));
    if (!state) return fail(Errc::corrupt, "a plan's record has no state");
    return Plan{
        .id = value.string_or("id"),
        .state = *state,
        .author = value.string_or("author"),
        .created_at = value.string_or("created_at"),
        .expires_at = value.string_or("expires_at"),
        .expires_at_ms = value.integer_or("expires_at_ms"),
        .hash = value.string_or("hash"),
        .summary = value["summary"],
        .requires_approval = value.bool_or("requires_approval"),
        .approved_by = value.string_or("approved_by"),
        .ended_at = value.string_or("ended_at"),
        .applied_revision = static_cast<std::uint64_t>(value.integer_or("applied_revision")),
        .revision = static_cast<std::uint64_t>(value.integer_or("revision"))};
}

}  // namespace evenkeel::state
