#include "orchestrator/plans/held_plan.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/base/log.hpp"
#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/plans.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::plans {
namespace {

// Of plans in whose place came another, so many can still be looked up.
constexpr std::size_t kReplacedMost = 10;
// While it lasts others edit.
constexpr std::chrono::seconds kPause{2};
constexpr std::chrono::seconds kPauseAfterFailure{5};

Result<std::optional<state::Plan>> find_last(const state::View& view,
                                             const state::SystemPlans& known) {
    if (known.last.empty()) return std::nullopt;
    return view.plans().find(known.last);
}

// The plan is stale; those that were replaced long before are erased.
Result<void> replace(state::Edit& edit, state::Plan plan, state::SystemPlans& known) {
    plan.state = state::PlanState::stale;
    EK_CHECK(edit.plans().put(plan));
    known.replaced.push_back(plan.id);
    if (known.replaced.size() <= kReplacedMost) return {};
    const std::string oldest = known.replaced.front();
    known.replaced.erase(known.replaced.begin());
    return edit.plans().erase(oldest);
}

}  // namespace

Result<void> keep_held_plan(state::Edit& edit, const secrets::Protector& protector,
                            const Trial& trial) {
    const bool differs = trial.summary.hosts > 0 || trial.summary.errors > 0;
    state::SystemPlans known = EK_TRY(edit.plans().of_system());
    if (known.last.empty() && !differs) return {};
    const auto last = EK_TRY(find_last(edit, known));
    const bool is_pending = last && state::is_pending(last->state);
    const bool is_rejected = last && last->state == state::PlanState::rejected;
    const bool is_decided = is_pending || is_rejected;
    if (differs && is_decided && last->hash == trial.hash) return {};
    if (is_pending) EK_CHECK(replace(edit, *last, known));
    known.last.clear();
    if (differs) {
        state::Plan plan = plan_of(trial, state::kSystemAuthor, edit.clock());
        EK_CHECK(edit.plans().add(plan, content_of(trial),
                                  seal_changes(protector, plan.id, json::Array{})));
        known.last = plan.id;
    }
    return edit.plans().put_of_system(known);
}

HeldPlan::HeldPlan(Options options) : options_(std::move(options)) {}

HeldPlan::~HeldPlan() {
    *is_there_ = false;
}

void HeldPlan::look() {
    is_due_ = true;
    if (!is_busy_ && !is_stopped_ && !pause_.pending()) begin();
}

void HeldPlan::follow(const state::Changes& changes) {
    if (changes.plans.empty()) return;
    const auto has_ended = [&](const state::View& view) -> Result<bool> {
        const state::SystemPlans known = EK_TRY(view.plans().of_system());
        const auto& changed = changes.plans;
        if (std::find(changed.begin(), changed.end(), known.last) == changed.end()) return false;
        const auto plan = EK_TRY(find_last(view, known));
        return !plan || plan->state == state::PlanState::expired ||
               plan->state == state::PlanState::stale;
    };
    const auto ended = options_.state.read().and_then(has_ended);
    if (!ended || *ended) look();
}

void HeldPlan::stop() {
    is_stopped_ = true;
    pause_.cancel();
}

void HeldPlan::begin() {
    is_due_ = false;
    is_busy_ = true;
    options_.edit({.releases_held = true, .is_dry_run = true, .allows_errors = true},
                  [this, is_there = is_there_](const Result<EditAnswer>& answer) {
                      if (*is_there) keep(answer);
                  });
}

void HeldPlan::keep(const Result<EditAnswer>& answer) {
    if (!answer) return end(fail(answer.error()));
    options_.state.submit([&with = options_.protector, trial = answer->trial](
                              state::Edit& edit) { return keep_held_plan(edit, with, *trial); },
                          [this, is_there = is_there_](const Result<void>& kept) {
                              if (*is_there) end(kept);
                          });
}

void HeldPlan::end(const Result<void>& kept) {
    is_busy_ = false;
    if (is_stopped_) return;
    if (!kept) {
        log::warning("what is held is not planned", {{"why", kept.error().what}});
        is_due_ = true;
    }
    pause_ = options_.loop.after(kept ? kPause : kPauseAfterFailure, [this] {
        if (is_due_) begin();
    });
}

}  // namespace evenkeel::plans
