#include "orchestrator/state/retention.hpp"

#include "core/base/time.hpp"
#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/plans.hpp"
#include "orchestrator/state/replies.hpp"
#include "orchestrator/state/steady_clock.hpp"
#include "orchestrator/state/tokens.hpp"

namespace evenkeel::state {
namespace {

constexpr std::size_t kStep = 20'000;  // entries of a kind thrown away at once
// A plan may have as many parts as it has groups.
constexpr std::size_t kPlansStep = 100;

std::int64_t before_ms(std::chrono::hours age) {
    return now_unix_ms() - std::chrono::milliseconds(age).count();
}

std::string before(std::chrono::hours age) {
    return to_rfc3339(before_ms(age));
}

}  // namespace

Result<void> throw_away_old(Edit& edit, const Retention& retention) {
    EK_CHECK(edit.events().erase_old(before(retention.events_age), retention.events_most, kStep));
    EK_CHECK(edit.commands().erase_ended(before(retention.commands_age), kStep));
    EK_CHECK(
        edit.plans().erase_ended(before(retention.plans_age), retention.plans_most, kPlansStep));
    EK_CHECK(edit.tokens().erase_ended(before_ms(retention.tokens_age), kStep));
    const std::chrono::milliseconds replies_age = retention.replies_age;
    EK_CHECK(edit.replies().erase_old(edit.clock().now_ms() - replies_age.count(), kStep));
    return edit.audit_trail().prune(before(retention.audit_age), retention.audit_most, kStep);
}

}  // namespace evenkeel::state
