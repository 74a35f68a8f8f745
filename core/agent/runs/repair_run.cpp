#include "core/agent/runs/repair_run.hpp"

#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/notification_scheduler.hpp"
#include "core/agent/runs/ordering.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/agent/runs/run_commit.hpp"
#include "core/agent/runs/run_queue.hpp"
#include "core/agent/runs/step_result.hpp"
#include "core/base/id.hpp"

namespace evenkeel::agent {

RepairRun::RepairRun(const RunContext& context, wire::Ref ref)
    : Run(make_id("repair"), collections_of_repair(ref, context.catalog)),
      context_(context),
      ref_(std::move(ref)),
      busy_marks_(context.catalog, context.checker) {}

bool RepairRun::is_needed() const {
    const CatalogEntry* entry = context_.catalog.find(ref_);
    if (!entry || !context_.registry.find(ref_.collection)) return false;
    const wire::Verdict status = entry->status.compliance.status;
    return entry->metadata.policy == wire::Policy::enforce &&
           (status == wire::Verdict::drifted || status == wire::Verdict::failed);
}

void RepairRun::begin() {
    if (!is_needed()) {
        context_.queue.end(*this);
        return context_.repairs.on_over(ref_);
    }
    busy_marks_.add(ref_);
    if (notified_by(context_.catalog.find(ref_)->metadata).empty()) {
        change();
    } else {
        record();
    }
}

void RepairRun::record() {
    BeforeChange before;
    before.check = [store = context_.store, ref = ref_](
                       LaneContext& lane, const plugin::Call& call) -> std::optional<ApplyResult> {
        const auto description = store->description(ref);
        if (!description || !*description) return std::nullopt;
        return result_if_compliant(lane, **description, call);
    };
    before.pending = {ref_, notified_by(context_.catalog.find(ref_)->metadata)};
    before.done = [this](Result<std::optional<ApplyResult>> found) {
        if (!found) return end(fail(found.error()));
        if (*found) return end(**std::move(found));
        recorded_ = true;
        change();
    };
    record_before_change(context_.journal, *context_.registry.find(ref_.collection),
                         PluginCall("repair of " + ref_.id), std::move(before));
}

void RepairRun::change() {
    const auto apply = [store = context_.store, ref = ref_](LaneContext& lane,
                                                            const plugin::Call& call) {
        const auto description = store->description(ref);
        if (description && *description) {
            return std::move(apply_all(lane, {**description}, call).front());
        }
        return failed_call(description ? Error{Errc::not_found, "no description"}
                                       : description.error());
    };
    PluginCall call("repair of " + ref_.id);
    call.is_repair = true;
    context_.registry.find(ref_.collection)
        ->run<ApplyResult>(std::move(call), apply,
                           [this](const Result<ApplyResult>& apply_result) { end(apply_result); });
}

void RepairRun::end(const Result<ApplyResult>& apply_result) {
    context_.queue.end(*this);
    CatalogEntry* entry = context_.catalog.find(ref_);
    if (!entry) return context_.repairs.on_over(ref_);
    std::optional<StatusChange> change = assess(*entry, apply_result);
    RunEnd end = end_of(*entry, apply_result ? *apply_result : ApplyResult{});
    context_.repairs.on_over(ref_);
    if (apply_result) context_.repairs.leave_alone(ref_, apply_result->retry_after);
    if (apply_result && changed(apply_result->changes)) context_.repairs.on_changed(ref_);
    busy_marks_.release();
    if (change) {
        end.drafts = std::exchange(change->drafts, {});
        end.observations.push_back(change->observation);
    }
    context_.commits.commit(
        std::move(end),
        [&tracker = context_.tracker, change = std::move(change)](const Result<void>& stored) {
            if (change) tracker.on_commit(*change, stored);
        });
    if (apply_result && !apply_result->error) context_.notifications.notify(ref_);
}

// Nothing for a collection that is out of order: its resources are unknown already.
std::optional<StatusChange> RepairRun::assess(CatalogEntry& entry,
                                              const Result<ApplyResult>& apply_result) {
    if (!apply_result && !context_.registry.usable(ref_.collection)) return std::nullopt;
    ApplyResult done = apply_result ? *apply_result : failed_call(apply_result.error());
    ignore_active_writers(ref_, context_.catalog, context_.checker, done);
    return context_.tracker.assess_repair(entry, done);
}

RunEnd RepairRun::end_of(CatalogEntry& entry, const ApplyResult& apply_result) {
    PendingNotifications pending{
        ref_, due_after(entry.metadata, changed(apply_result.changes), context_.catalog)};
    context_.catalog.put(pending);
    RunEnd end;
    if (wire::needs_reboot(apply_result.changes)) end.reboots.push_back(ref_);
    if (apply_result.replaced && std::exchange(entry.metadata.left_secret, false))
        end.metadata.push_back(entry.metadata);
    if (recorded_ && pending.notices.empty())
        end.pending_notifications.push_back(std::move(pending));
    return end;
}

}  // namespace evenkeel::agent
