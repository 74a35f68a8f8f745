#include "core/agent/runs/repair_scheduler.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"

namespace evenkeel::agent {

using wire::Verdict;

namespace {

std::int64_t monotonic_ms() {
    return static_cast<std::int64_t>(now_monotonic_ns() / 1'000'000);
}

}  // namespace

RepairScheduler::RepairScheduler(Catalog& catalog, ComplianceTracker& tracker, run::Loop& loop,
                                 Options options)
    : catalog_(catalog), tracker_(tracker), loop_(loop), options_(options) {}

std::chrono::milliseconds RepairScheduler::wait_before(History& history, CatalogEntry& entry) {
    const std::int64_t now_ms = monotonic_ms();
    const std::chrono::milliseconds left(std::max<std::int64_t>(history.not_before_ms - now_ms, 0));
    if (!history.flap.resting(now_ms) && entry.status.compliance.status == Verdict::failed) {
        return std::max(history.backoff.next(), left);
    }
    const wire::Ref& ref = entry.metadata.ref;
    undo_log_.on_drift(ref);
    if (const auto wait = history.flap.next(now_ms)) return std::max(*wait, left);
    const FlapLimit::Stop& stop = history.flap.stop();
    tracker_.stop_repairing(entry, reason_to_stop(stop, ref));
    undo_log_.forget(ref);
    return stop.rest;
}

std::string RepairScheduler::reason_to_stop(const FlapLimit::Stop& stop,
                                            const wire::Ref& ref) const {
    std::string reason = "repaired " + std::to_string(stop.most) + " times within " +
                         to_duration(stop.window) + " and undone each time";
    if (const auto other = undo_log_.suspect(ref, stop.most)) {
        reason += " after " + text_of(*other) + " was changed: " + text_of(ref) + " and " +
                  text_of(*other) + " seem to contradict each other";
    }
    return reason + "; the next attempt is in " + to_duration(stop.rest);
}

void RepairScheduler::reset(const wire::Ref& ref) {
    histories_.erase(ref);
    undo_log_.forget(ref);
}

void RepairScheduler::forget_failures(const wire::Ref& ref) {
    const CatalogEntry* entry = catalog_.find(ref);
    const auto history = histories_.find(ref);
    if (history != histories_.end() && entry &&
        entry->status.compliance.status == Verdict::compliant) {
        history->second.backoff.reset();
    }
}

bool RepairScheduler::is_blocking(const CatalogEntry& entry) const {
    const Verdict status = entry.status.compliance.status;
    return status == Verdict::failed ||
           (status == Verdict::drifted && entry.metadata.policy == wire::Policy::enforce);
}

void RepairScheduler::wake(const wire::Ref& ref) {
    const CatalogEntry* entry = catalog_.find(ref);
    if (entry && is_blocking(*entry)) return;
    forget_failures(ref);
    for (const wire::Ref& other : catalog_.requiring(ref)) need(other);
}

void RepairScheduler::need(const wire::Ref& ref) {
    CatalogEntry* entry = catalog_.find(ref);
    if (!options_.repairs || !entry || entry->metadata.policy != wire::Policy::enforce) return;
    if (!is_blocking(*entry) || is_blocked(*entry)) return;
    History& history = history_of(ref);
    if (history.running || history.timer.pending()) return;
    const auto wait = wait_before(history, *entry);
    if (wait.count() == 0) return begin(ref);
    history.timer = loop_.after(wait, [this, ref] { begin(ref); });
}

// Whether something that it requires is not compliant.
bool RepairScheduler::is_blocked(const CatalogEntry& entry) const {
    const auto& required = entry.metadata.relations.required;
    return std::any_of(required.begin(), required.end(), [this](const wire::Ref& ref) {
        const CatalogEntry* other = catalog_.find(ref);
        return other && is_blocking(*other);
    });
}

RepairScheduler::History& RepairScheduler::history_of(const wire::Ref& ref) {
    const auto found = histories_.find(ref);
    if (found != histories_.end()) return found->second;
    History fresh{FlapLimit(options_.flap),
                  run::Backoff(options_.retry_base, options_.retry_cap),
                  {},
                  false,
                  0};
    return histories_.emplace(ref, std::move(fresh)).first->second;
}

void RepairScheduler::begin(const wire::Ref& ref) {
    const auto found = histories_.find(ref);
    if (found == histories_.end()) return;
    found->second.running = true;
    start(ref);
}

void RepairScheduler::leave_alone(const wire::Ref& ref, std::chrono::milliseconds pause) {
    const CatalogEntry* entry = catalog_.find(ref);
    if (pause.count() == 0 || !entry || entry->metadata.policy != wire::Policy::enforce) return;
    history_of(ref).not_before_ms = monotonic_ms() + pause.count();
}

void RepairScheduler::on_over(const wire::Ref& ref) {
    const auto at = histories_.find(ref);
    if (at == histories_.end()) return;
    at->second.running = false;
    if (!catalog_.find(ref)) return reset(ref);
    forget_failures(ref);
}

}  // namespace evenkeel::agent
