#include "core/agent/work/repair_scheduler.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace evenkeel::agent {

using wire::Verdict;

RepairScheduler::RepairScheduler(Catalog& catalog, ComplianceTracker& tracker, run::Loop& loop,
                                 Options options)
    : catalog_(catalog), tracker_(tracker), loop_(loop), options_(options) {}

std::chrono::milliseconds RepairScheduler::wait_before(Plan& plan, CatalogEntry& entry) {
    const auto now_ms = static_cast<std::int64_t>(now_monotonic_ns() / 1'000'000);
    if (!plan.flap.resting(now_ms) && entry.status.compliance.status == Verdict::failed) {
        return plan.backoff.next();
    }
    if (const auto wait = plan.flap.next(now_ms)) return *wait;
    tracker_.give_up(entry, "repaired " + std::to_string(options_.flap.most) + " times within " +
                                to_duration(options_.flap.window) +
                                " and undone each time; the next attempt is in " +
                                to_duration(plan.flap.rest()));
    return plan.flap.rest();
}

bool RepairScheduler::is_blocking(const CatalogEntry& entry) const {
    const Verdict status = entry.status.compliance.status;
    return status == Verdict::failed ||
           (status == Verdict::drifted && entry.metadata.policy == wire::Policy::enforce);
}

void RepairScheduler::wake(const wire::Ref& ref) {
    const CatalogEntry* entry = catalog_.find(ref);
    if (entry && is_blocking(*entry)) return;
    for (const auto& [other, waiting] : catalog_) {
        const auto& required = waiting.metadata.relations.required;
        if (std::find(required.begin(), required.end(), ref) != required.end()) need(other);
    }
}

void RepairScheduler::need(const wire::Ref& ref) {
    CatalogEntry* entry = catalog_.find(ref);
    if (!options_.repairs || !entry || entry->metadata.policy != wire::Policy::enforce) return;
    const Verdict status = entry->status.compliance.status;
    if (status != Verdict::drifted && status != Verdict::failed) return;
    for (const wire::Ref& each : entry->metadata.relations.required) {
        const CatalogEntry* other = catalog_.find(each);
        if (other && is_blocking(*other)) return;
    }
    auto found = plans_.find(ref);
    if (found == plans_.end()) {
        found = plans_
                    .emplace(ref, Plan{FlapLimit(options_.flap),
                                       run::Backoff(options_.retry_base, options_.retry_cap),
                                       {},
                                       false})
                    .first;
    }
    Plan& plan = found->second;
    if (plan.running || plan.timer.pending()) return;
    const auto wait = wait_before(plan, *entry);
    const auto begin = [this, ref] {
        const auto at = plans_.find(ref);
        if (at == plans_.end()) return;
        at->second.running = true;
        start(ref);
    };
    if (wait.count() == 0) {
        begin();
    } else {
        plan.timer = loop_.after(wait, begin);
    }
}

void RepairScheduler::on_over(const wire::Ref& ref) {
    const auto at = plans_.find(ref);
    if (at == plans_.end()) return;
    at->second.running = false;
    const CatalogEntry* entry = catalog_.find(ref);
    if (!entry) {
        plans_.erase(at);
    } else if (entry->status.compliance.status == Verdict::compliant) {
        at->second.backoff.reset();
    }
}

}  // namespace evenkeel::agent
