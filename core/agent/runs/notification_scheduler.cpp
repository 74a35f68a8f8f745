#include "core/agent/runs/notification_scheduler.hpp"

#include <vector>

#include "core/agent/model/catalog.hpp"

namespace evenkeel::agent {
namespace {

// How long an action waits for further repairs that make it due too.
constexpr std::chrono::milliseconds kGather{1'000};

}  // namespace

void NotificationScheduler::notify(const wire::Ref& source) {
    const auto found = catalog_.pending_notifications.find(source);
    if (found == catalog_.pending_notifications.end()) return;
    for (const wire::Notification& notification : found->second) {
        const auto [waiting, is_new] = waiting_.try_emplace({source.collection, notification});
        if (!is_new) continue;
        waiting->second = loop_.after(kGather, [this, collection = source.collection,
                                                notification] { start(collection, notification); });
    }
}

void NotificationScheduler::run_pending() {
    std::vector<wire::Ref> sources;
    for (const auto& [source, notifications] : catalog_.pending_notifications) {
        const CatalogEntry* entry = catalog_.find(source);
        if (entry && entry->status.compliance.status == wire::Verdict::compliant) {
            sources.push_back(source);
        }
    }
    for (const wire::Ref& source : sources) notify(source);
}

void NotificationScheduler::begun(const std::string& collection,
                                  const wire::Notification& notification) {
    waiting_.erase({collection, notification});
}

}  // namespace evenkeel::agent
