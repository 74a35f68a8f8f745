#include "core/agent/runs/start_commit.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/check_result.hpp"
#include "core/agent/runs/busy_marks.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/runs/step_result.hpp"
#include "core/agent/store/journal.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {
namespace {

bool concerns_us(const Step& step) {
    return step.decision != Decision::leave && step.decision != Decision::supersede;
}

// A local administrator takes a resource over from the orchestrator, or the reverse.
EventDraft change_of_owner(const Intent& intent, const CatalogEntry& before, const Step& step) {
    if (intent.is_local()) {
        return description_forgotten(before.metadata.ref, before.metadata.generation,
                                     before.metadata.origin, wire::DescriptionReason::detached);
    }
    CatalogEntry after = before;
    after.metadata = step.description.metadata;
    return description_changed(after, step.description.body, nullptr,
                               wire::DescriptionReason::replaced);
}

}  // namespace

void StartCommit::take(StepList& steps) {
    // In three turns: what stays in the catalog is not mixed with what is freed at the end.
    for (const Step& step : steps) {
        if (!step.stores()) continue;
        const CatalogEntry* before = parts_.catalog.find(step.request.ref);
        before_.emplace(step.request.ref, before ? std::optional(*before) : std::nullopt);
    }
    for (Step& step : steps) {
        if (step.stores()) store(step, steps.intent());
    }
    for (Step& step : steps) {
        if (concerns_us(step)) take(step);
    }
}

void StartCommit::take(Step& step) {
    if (step.stores()) descriptions_.push_back(step.description);
    parts_.busy_marks.add(step.request.ref);
    if (step.decision != Decision::store_only) return;
    take_result(step, failed_call(*step.result.error), parts_.catalog, parts_.registry);
}

void StartCommit::store(Step& step, const Intent& intent) {
    Catalog& catalog = parts_.catalog;
    const wire::Ref& ref = step.request.ref;
    const CatalogEntry* before = catalog.find(ref);
    if (before && before->metadata.origin != intent.origin) {
        (intent.is_local() ? drafts_ : step.drafts)
            .push_back(change_of_owner(intent, *before, step));
    }
    if (const auto gone = catalog.tombstones.find(ref); gone != catalog.tombstones.end()) {
        returned_.push_back({ref, gone->second, catalog.left_secrets.contains(ref)});
        catalog.tombstones.erase(gone);
        catalog.left_secrets.erase(ref);
    }
    CatalogEntry& entry = catalog.put(step.description.metadata);
    // A drift that was reported stays open until the verdict of this command ends it.
    const bool open = entry.status.open;
    entry.status = ResourceStatus{};
    ++entry.verdicts;
    entry.status.open = open;
    entry.status.compliance.since = now_rfc3339();
    parts_.repairs.reset(ref);
}

void StartCommit::commit(Journal& journal, std::function<Result<void>(store::WriteTxn&)> inbox,
                         std::function<void(Result<void>)> done) {
    const auto write = [&store = journal.store(), inbox = std::move(inbox), returned = returned_,
                        descriptions = std::exchange(descriptions_, {})](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        EK_CHECK(inbox(txn));
        for (const Description& each : descriptions) EK_CHECK(store.put(txn, each));
        for (const Tombstone& each : returned) EK_CHECK(store.drop(txn, each));
        return {};
    };
    journal.commit(std::exchange(drafts_, {}), write, std::move(done), store::Importance::urgent);
}

void StartCommit::undo(StepList& steps, const Error& error) {
    for (Step& step : steps) {
        if (!concerns_us(step)) continue;
        Step undone = step_for(step.request);
        finish(undone, wire::Outcome::failed, error);
        step = std::move(undone);
    }
    for (auto& [ref, before] : before_) {
        if (!before) {
            parts_.catalog.erase(ref);
            continue;
        }
        CatalogEntry& entry = parts_.catalog.put(before->metadata);
        entry.status = before->status;
        ++entry.verdicts;
    }
    for (const Tombstone& each : returned_) parts_.catalog.put(each);
}

}  // namespace evenkeel::agent
