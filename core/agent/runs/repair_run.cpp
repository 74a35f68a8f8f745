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
    context_.registry.find(ref_.collection)
        ->run<ApplyResult>(PluginCall("repair of " + ref_.id), apply,
                           [this](const Result<ApplyResult>& apply_result) { end(apply_result); });
}

void RepairRun::end(const Result<ApplyResult>& apply_result) {
    context_.queue.end(*this);
    context_.repairs.on_over(ref_);
    CatalogEntry* entry = context_.catalog.find(ref_);
    if (!entry) return;
    assess(*entry, apply_result);
    busy_marks_.release();
    settle(*entry, apply_result ? *apply_result : ApplyResult{});
    if (apply_result && !apply_result->error) context_.notifications.notify(ref_);
}

void RepairRun::assess(CatalogEntry& entry, const Result<ApplyResult>& apply_result) {
    if (apply_result) {
        ApplyResult done = *apply_result;
        ignore_active_writers(ref_, context_.catalog, context_.checker, done);
        context_.tracker.record_repair(entry, done);
    } else if (context_.registry.usable(ref_.collection)) {
        context_.tracker.record_repair(entry, failed_call(apply_result.error()));
    }
}

void RepairRun::settle(CatalogEntry& entry, const ApplyResult& apply_result) {
    PendingNotifications pending{
        ref_, due_after(entry.metadata, changed(apply_result.changes), context_.catalog)};
    context_.catalog.put(pending);
    RunEnd end;
    if (apply_result.replaced && std::exchange(entry.metadata.left_secret, false))
        end.metadata.push_back(entry.metadata);
    if (recorded_ && pending.notices.empty())
        end.pending_notifications.push_back(std::move(pending));
    context_.commits.commit(std::move(end));
}

}  // namespace evenkeel::agent
