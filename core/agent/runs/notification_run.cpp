#include "core/agent/runs/notification_run.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/event_drafts.hpp"
#include "core/agent/runs/notification_scheduler.hpp"
#include "core/agent/runs/run_commit.hpp"
#include "core/agent/runs/run_queue.hpp"
#include "core/agent/runs/step_result.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"

namespace evenkeel::agent {

NotificationRun::NotificationRun(const RunContext& context, std::string source,
                                 wire::Notification notification)
    : Run(make_id("notice"), {source, notification.ref.collection}),
      context_(context),
      source_(std::move(source)),
      notification_(std::move(notification)),
      busy_marks_(context.catalog, context.checker) {}

// Only in the collections that this run occupies: other runs may be changing the others.
std::vector<wire::Ref> NotificationRun::due_sources() const {
    std::vector<wire::Ref> sources;
    for (const auto& [source, pending] : context_.catalog.pending_notifications) {
        if (!collections().contains(source.collection)) continue;
        const CatalogEntry* entry = context_.catalog.find(source);
        const bool is_due = entry && entry->status.compliance.status != wire::Verdict::failed;
        if (is_due && std::find(pending.begin(), pending.end(), notification_) != pending.end()) {
            sources.push_back(source);
        }
    }
    return sources;
}

void NotificationRun::begin() {
    context_.notifications.begun(source_, notification_);
    sources_ = due_sources();
    const wire::Ref& ref = notification_.ref;
    const CatalogEntry* entry = context_.catalog.find(ref);
    const bool is_described = entry && !entry->metadata.absent;
    const bool may_run = is_described && entry->metadata.policy != wire::Policy::audit &&
                         context_.registry.find(ref.collection);
    if (!sources_.empty() && may_run) return run_action();
    context_.queue.end(*this);
    if (is_described) return;
    RunEnd end;
    end.pending_notifications = settle();
    context_.commits.commit(std::move(end));
}

void NotificationRun::run_action() {
    const auto& [ref, action] = notification_;
    busy_marks_.add(ref);
    context_.registry.find(ref.collection)
        ->run<ApplyResult>(
            PluginCall(action + " of " + ref.id),
            [id = ref.id, action = action](LaneContext& lane, const plugin::Call& call) {
                return invoke(lane, id, action, json::Value(), call);
            },
            [this](const Result<ApplyResult>& applied) {
                end(applied ? *applied : failed_call(applied.error()));
            });
}

void NotificationRun::end(const ApplyResult& applied) {
    const std::optional<Error>& error = applied.error;
    context_.queue.end(*this);
    const auto& [ref, action] = notification_;
    log::info(
        "an action after a repair",
        {{"resource", text_of(ref)}, {"action", action}, {"error", error ? error->what : ""}});
    RunEnd end;
    if (wire::needs_reboot(applied.changes)) end.reboots.push_back(ref);
    if (const CatalogEntry* entry = context_.catalog.find(ref)) {
        end.drafts.push_back(resource_notified(*entry, action, sources_, error));
    }
    // A failed action stays pending until its source is changed or applied again.
    if (!error) end.pending_notifications = settle();
    context_.commits.commit(std::move(end));
    busy_marks_.release();
    context_.checker.request(ref, CheckTrigger::check);
}

std::vector<PendingNotifications> NotificationRun::settle() {
    std::vector<PendingNotifications> settled;
    for (const wire::Ref& source : sources_) {
        const auto found = context_.catalog.pending_notifications.find(source);
        if (found == context_.catalog.pending_notifications.end()) continue;
        PendingNotifications pending{source, found->second};
        std::erase(pending.notices, notification_);
        context_.catalog.put(pending);
        settled.push_back(std::move(pending));
    }
    return settled;
}

}  // namespace evenkeel::agent
