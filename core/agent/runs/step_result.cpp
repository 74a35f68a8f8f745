#include "core/agent/runs/step_result.hpp"

#include <iterator>
#include <utility>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

void fill(wire::ResourceResult& result, const ApplyResult& apply_result, wire::Outcome success) {
    result.changes = apply_result.changes;
    result.error = apply_result.error;
    result.notes = apply_result.notes;
    result.output = apply_result.output;
    result.state = apply_result.check_result.state;
    result.outcome = apply_result.error ? wire::Outcome::failed : success;
}

Assessment assess_step(const Step& step, const ApplyResult& apply_result, const CatalogEntry& entry,
                       const CollectionRegistry& registry, const std::string& now) {
    const std::string& collection = step.request.ref.collection;
    const CollectionRunner* runner = registry.find(collection);
    if (!runner || !runner->out_of_order_reason().empty()) {
        return unknown(entry.status,
                       runner ? runner->verdict() : registry.verdict_of_missing(collection), now);
    }
    return assess(entry.status, apply_result.check_result,
                  {step.description.metadata.policy, CheckTrigger::apply, now,
                   changed(apply_result.changes), apply_result.error});
}

// Everything else is in the result of the step already.
bool begins_or_ends_drift(ReportKind report) {
    return report == ReportKind::drifted || report == ReportKind::restored ||
           report == ReportKind::repaired;
}

void observe(Step& step, const ApplyResult& apply_result, CatalogEntry& entry,
             const CollectionRegistry& registry) {
    const std::string now = now_rfc3339();
    Assessment assessment = assess_step(step, apply_result, entry, registry, now);
    if (!begins_or_ends_drift(assessment.report)) assessment.report = ReportKind::none;
    if (!apply_result.check_result.error) {
        entry.observed_ms = now_unix_ms();
        entry.checked_ns = now_monotonic_ns();
    }
    entry.stamp = apply_result.check_result.stamp;
    StatusChange change = ComplianceTracker::take(entry, assessment, apply_result.changes,
                                                  apply_result.check_result.state);
    step.result.compliance = entry.status.compliance;
    step.drafts.insert(step.drafts.end(), std::make_move_iterator(change.drafts.begin()),
                       std::make_move_iterator(change.drafts.end()));
}

}  // namespace

ApplyResult failed_call(const Error& error) {
    return {{}, error, CheckResult{error, nullptr, {}}};
}

void ignore_active_writers(const wire::Ref& ref, const Catalog& catalog, const Checker& checker,
                           ApplyResult& apply_result) {
    const CatalogEntry* entry = catalog.find(ref);
    const bool made = !apply_result.error && entry && entry->metadata.policy != wire::Policy::audit;
    if (!made || !checker.is_unsettled(ref)) return;
    apply_result.check_result.fields.clear();
    // What is ignored now counts when it is seen again.
    apply_result.check_result.stamp.clear();
}

void take_result(Step& step, const ApplyResult& apply_result, Catalog& catalog,
                 const CollectionRegistry& registry) {
    step.progress = Progress::finished;
    fill(step.result, apply_result, step.is_audit() ? wire::Outcome::planned : wire::Outcome::done);
    if (!notified_by(step).empty()) {
        step.due.actions =
            due_after(step.description.metadata, changed(step.result.changes), catalog);
    }
    CatalogEntry* entry = catalog.find(step.request.ref);
    if (!step.stores() || step.drops() || !entry) return;
    step.replaced = apply_result.replaced && std::exchange(entry->metadata.left_secret, false);
    observe(step, apply_result, *entry, registry);
}

void take_result(NotificationStep& step, const ApplyResult& apply_result) {
    step.state = NotificationStep::State::finished;
    fill(step.result, apply_result, wire::Outcome::done);
}

}  // namespace evenkeel::agent
