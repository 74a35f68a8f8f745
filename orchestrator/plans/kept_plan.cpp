#include "orchestrator/plans/kept_plan.hpp"

#include <chrono>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/steady_clock.hpp"

namespace evenkeel::plans {
namespace {

constexpr std::chrono::hours kLifetime{7 * 24};

std::string purpose_of(const std::string& plan) {
    return "changes of " + plan;
}

}  // namespace

state::Plan plan_of(const Trial& trial, const std::string& author,
                    const state::SteadyClock& clock) {
    const std::int64_t lifetime = std::chrono::milliseconds(kLifetime).count();
    return {.id = make_id("plan"),
            .author = author,
            .created_at = now_rfc3339(),
            .expires_at = to_rfc3339(now_unix_ms() + lifetime),
            .expires_at_ms = clock.now_ms() + lifetime,
            .hash = trial.hash,
            .summary = encode(trial.summary),
            .requires_approval = requires_approval(trial)};
}

state::PlanContent content_of(const Trial& trial) {
    state::PlanContent content{.more_groups = trial.groups.more,
                               .more_errors = trial.groups.more_errors};
    for (const Group& group : trial.groups.groups) content.groups.push_back(encode(group));
    for (const ErrorGroup& group : trial.groups.errors) content.errors.push_back(encode(group));
    return content;
}

std::string seal_changes(const secrets::Protector& protector, const std::string& plan,
                         const json::Value& changes) {
    return protector.seal_text(json::write(changes), purpose_of(plan));
}

Result<json::Value> open_changes(const secrets::Protector& protector, const std::string& plan,
                                 const std::string& sealed) {
    const std::string text = EK_TRY(protector.open_text(sealed, purpose_of(plan)));
    return json::parse(text, {.bytes = text.size()});
}

}  // namespace evenkeel::plans
