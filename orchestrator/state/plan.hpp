#pragma once

#include <cstdint>
#include <string>

#include "core/base/names.hpp"
#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::state {

using evenkeel::to_string;

enum class PlanState { open, approved, applied, stale, rejected, expired };
constexpr auto enum_names(PlanState) {
    return names<PlanState>("state", {{PlanState::open, "open"},
                                      {PlanState::approved, "approved"},
                                      {PlanState::applied, "applied"},
                                      {PlanState::stale, "stale"},
                                      {PlanState::rejected, "rejected"},
                                      {PlanState::expired, "expired"}});
}
// Whether it may still be applied.
constexpr bool is_pending(PlanState state) {
    return state == PlanState::open || state == PlanState::approved;
}

// The author of what is held of hosts; no token has this name.
inline constexpr const char* kSystemAuthor = "system";

// Changes that were tried out and are kept until they are applied, and afterwards as a record of
// what was done. What they are and do is kept beside it: PlanContent.
struct Plan {
    std::string id;  // "plan_<uuid>"
    PlanState state = PlanState::open;
    std::string author = {};         // name of the token that made it, or kSystemAuthor
    std::string created_at = {};     // RFC 3339
    std::string expires_at = {};     // RFC 3339; of one that is pending
    std::int64_t expires_at_ms = 0;  // the same by the SteadyClock
    std::string hash = {};           // of what it does to hosts: 64 hex digits
    json::Value summary = json::Object{};
    bool requires_approval = false;
    std::string approved_by = {};  // name of the token
    std::string ended_at = {};     // RFC 3339; empty while it is pending
    // Of the model that it made; 0 when it was not applied, or no object differs from before.
    std::uint64_t applied_revision = 0;
    std::uint64_t revision = 0;  // when it last changed: the ETag
};
json::Value encode(const Plan& plan);
Result<Plan> decode_plan(const json::Value& value);

// As it is shown, secrets redacted.
struct PlanContent {
    json::Array changes = {};
    json::Array groups = {};        // all that are kept
    std::uint64_t more_groups = 0;  // that are not
    json::Array errors = {};
    std::uint64_t more_errors = 0;
    json::Array unasked = {};  // [{"host","code","detail"}…], by name
};

}  // namespace evenkeel::state
